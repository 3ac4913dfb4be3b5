import { describe, expect, it } from 'vitest';
import { listQuery, nextUnassigned, readCustomersView } from './view.ts';

describe('the page of customers', () => {
  it('is read from its address, whatever that says', () => {
    const view = readCustomersView(new URLSearchParams({ search: ' a&b ', status: 'nonsense', open: 'x/y ?' }));
    expect(view).toEqual({ search: ' a&b ', status: 'all', plan: null, open: 'x/y ?' });
    expect(listQuery({ ...view, status: 'assigned', plan: 'basic' })).toEqual({
      search: 'a&b',
      status: 'assigned',
      plan: 'basic',
      order: 'unassigned',
    });
  });

  it('goes on with whoever waits to be set up', () => {
    const customers = ['unassigned', 'assigned', 'unassigned'].map((status, n) => ({ id: String(n), status }));
    expect(['0', '1', '2', null].map((id) => nextUnassigned(customers, id))).toEqual(['2', '2', '0', '0']);
    expect(nextUnassigned([{ id: 'a', status: 'unassigned' }], 'a')).toBeUndefined();
  });
});
