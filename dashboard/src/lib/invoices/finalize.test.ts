import { describe, expect, it } from 'vitest';
import type { ReconciliationCell } from '../types.ts';
import { inOrder, obstacleOf, totalsOf } from './finalize.ts';

const NOW = Date.parse('2026-11-19T12:00:00Z');
const draft = {
  id: '1',
  status: 'draft' as const,
  customer: 'helio',
  currency: 'USD',
  total: '0.10',
  period: { from: '2026-10-01T00:00:00Z', to: '2026-11-01T00:00:00Z', timeZone: 'UTC' },
};
const cell: ReconciliationCell = {
  customer: 'helio',
  meter: 'tokens',
  hour: '2026-10-19T09:00:00Z',
  state: 'differs',
  postgres: '1',
  clickhouse: '2',
  events: { postgres: 1, clickhouse: 1 },
};

describe('a draft', () => {
  it('can be made final unless its month goes on or its customer differs', () => {
    expect(obstacleOf(draft, undefined, NOW)).toBeNull();
    expect(obstacleOf(draft, { cells: [{ ...cell, customer: 'other' }] }, NOW)).toBeNull();
    expect(obstacleOf(draft, { cells: [cell, { ...cell, hour: '2026-10-20T09:00:00Z' }] }, NOW)).toEqual({
      kind: 'differs',
      meter: 'tokens',
      hour: '2026-10-19T09:00:00Z',
      others: 1,
    });
    expect(obstacleOf(draft, { cells: [cell] }, Date.parse('2026-10-31T23:59:59Z'))).toEqual({
      kind: 'not_over',
      until: Date.parse('2026-11-01T00:00:00Z'),
    });
  });

  it('gets its number in the order of months, then of drafts', () => {
    const drafts = [
      { id: '10', month: '2026-10' },
      { id: '9', month: '2026-10' },
      { id: '11', month: '2026-09' },
    ];
    expect(inOrder(drafts).map(({ id }) => id)).toEqual(['11', '9', '10']);
    expect(totalsOf([draft, { ...draft, total: '0.20' }, { ...draft, currency: 'JPY', total: '5' }])).toEqual([
      { currency: 'USD', total: '0.3' },
      { currency: 'JPY', total: '5' },
    ]);
  });
});
