import { describe, expect, it } from 'vitest';
import { previewAddressOf, queryOf, readInvoiceFilter } from './filter.ts';
import { likelyMonth, readOnly, readRunPlace, recentMonths } from './run-address.ts';

const read = (search: string) => readInvoiceFilter(new URLSearchParams(search));

describe('the address of the list', () => {
  it.each([
    ['', { month: null, status: null, customer: null }],
    ['month=2026-10&status=draft&customer=a%20b', { month: '2026-10', status: 'draft', customer: 'a b' }],
    ['month=2026-13&status=paid&customer=', { month: null, status: null, customer: null }],
  ])('is read: "%s"', (search, filter) => {
    expect(read(search)).toEqual(filter);
  });

  it('is asked for in the names of the API', () => {
    expect(queryOf(read('month=2026-10&status=final'))).toEqual({ customer: null, status: 'final', period: '2026-10' });
  });

  it.each([
    ['?customer=acme&period=2026-10&line=1', '/invoices/preview?customer=acme&period=2026-10&line=1'],
    ['?customer=acme', null],
    ['?customer=acme&month=2026-10', null],
  ])('leads on to the preview where it was one: %s', (search, address) => {
    expect(previewAddressOf(new URL(`http://localhost/invoices${search}`))).toBe(address);
  });
});

describe('the address of a run', () => {
  it.each([
    [null, { kind: 'none' }],
    ['12', { kind: 'run', id: '12' }],
    ['2026-10', { kind: 'setup', month: '2026-10' }],
    ['new', { kind: 'setup', month: null }],
  ])('is read: %s', (text, place) => {
    expect(readRunPlace(text)).toEqual(place);
  });

  it.each([
    [null, null],
    ['["a,b","c"]', ['a,b', 'c']],
    ['[]', []],
    ['[1]', null],
    ['acme', null],
  ])('names the customers: %s', (text, ids) => {
    expect(readOnly(text)).toEqual(ids);
  });

  it('begins with the last month that is over and was used', () => {
    expect(likelyMonth('2026-01', null)).toBe('2025-12');
    expect(likelyMonth('2026-11', { from: '2026-01', to: '2026-11' })).toBe('2026-10');
    expect(likelyMonth('2026-11', { from: '2023-11', to: '2023-11' })).toBe('2023-11');
    expect(recentMonths({ from: '2025-12', to: '2026-02' }, 2)).toEqual(['2026-02', '2026-01']);
    expect(recentMonths({ from: '2025-12', to: '2026-02' }, 9)).toEqual(['2026-02', '2026-01', '2025-12']);
    expect(recentMonths(null, 3)).toEqual([]);
  });
});
