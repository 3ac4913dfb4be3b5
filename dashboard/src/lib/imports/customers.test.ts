import { describe, expect, it } from 'vitest';
import { billedIn, customersInWords } from './customers.ts';

const named = (...names: string[]) => names.map((name) => ({ id: name.toLowerCase(), name }));

describe('the customers of a file', () => {
  it('are named as far as there is room, and counted', () => {
    expect(customersInWords({ count: 1, first: named('Acme AI') })).toBe('Acme AI');
    expect(customersInWords({ count: 2, first: named('Acme AI', 'Helio') })).toBe('Acme AI and Helio');
    expect(customersInWords({ count: 3, first: named('Acme AI', 'Helio', 'Tokyo') })).toBe('Acme AI, Helio and Tokyo');
    expect(customersInWords({ count: 1_003, first: named('Acme AI', 'Helio', 'Tokyo') })).toBe('Acme AI, Helio, Tokyo and 1,000 more');
  });

  it('are nobody where the file brought nothing new, and unknown until they are counted', () => {
    expect([customersInWords({ count: 0, first: [] }), customersInWords(null)]).toEqual([null, null]);
  });
});

describe('what bills a file', () => {
  const invoice = { id: '7', number: 'INV-7', status: 'final', month: '2026-10', events: 5, billed: 5 } as const;

  it('is named and linked, with what came too late for it', () => {
    expect(billedIn(invoice)).toEqual({ href: '/invoices/7', label: 'INV-7', note: '' });
    expect(billedIn({ ...invoice, number: null, status: 'draft' }).label).toBe('draft for October 2026');
    expect(billedIn({ ...invoice, billed: 3 }).note).toBe('3 of 5; 2 came after it was final and fall due on a later invoice');
    expect(billedIn({ ...invoice, billed: 4 }).note).toBe('4 of 5; 1 came after it was final and falls due on a later invoice');
    expect(billedIn({ ...invoice, billed: 0 }).note).toBe('all 5 came after it was final and fall due on a later invoice');
    expect(billedIn({ ...invoice, events: 1, billed: 0 }).note).toBe('its event came after it was final and falls due on a later invoice');
  });
});
