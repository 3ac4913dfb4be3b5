import { describe, expect, it } from 'vitest';
import { refusalOf } from './refusal.ts';

const cellAt = (hour: number) => ({ customer: 'a&b', meter: 'calls', hour: `2026-10-14T${hour}:00:00Z` });
const said = (code: string, cells: ReturnType<typeof cellAt>[] = []) =>
  refusalOf({ code, message: 'As the server says it.', cells }, 'Acme');

describe('a refusal', () => {
  it('names the hour that differs, of whom, and leads to its records and to where it is mended', () => {
    const refusal = said('reconciliation_red', [cellAt(11)]);
    expect(refusal).toMatchObject({ headline: 'One hour of Acme differs between the two stores.', isForNow: false });
    expect(refusal.detail).toContain('Rebuilding ClickHouse from Postgres on the pipeline page mends it.');
    expect(refusal.links).toEqual([
      {
        label: 'calls, 14 Oct 2026 11:00\u201312:00 UTC',
        href: '/records?customer=a%26b&meter=calls&from=2026-10-14T11%3A00%3A00Z&to=2026-10-14T12%3A00%3A00.000Z',
      },
      { label: 'To the pipeline', href: '/pipeline' },
    ]);
  });

  it('names the first five of many hours', () => {
    const refusal = said('reconciliation_red', [10, 11, 12, 13, 14, 15].map(cellAt));
    expect(refusal.headline).toBe('6 hours of Acme differ between the two stores.');
    expect(refusal.links).toHaveLength(6);
    expect(refusal.detail).toContain('The first 5 stand below.');
  });

  it.each([
    ['behind', 'Not all usage has arrived everywhere yet.', '/pipeline', true],
    ['import_running', 'A file is still coming in.', '/imports', true],
    ['period_not_over', 'The period is not over.', undefined, false],
    ['unreachable', 'It was not done.', undefined, true],
    ['store_unavailable', 'It was not done.', undefined, true],
    ['stopping', 'It was not done.', undefined, true],
    ['conflict', 'It was not done.', undefined, false],
  ])('is said in words, with where to go on and whether waiting helps: %s', (code, headline, href, isForNow) => {
    const refusal = said(code);
    expect(refusal).toMatchObject({ headline, detail: 'As the server says it.', isForNow });
    expect(refusal.links[0]?.href).toBe(href);
  });
});
