import { describe, expect, it } from 'vitest';
import type { Customer } from '../types.ts';
import { consequencesOf, obstaclesTo } from './deletion.ts';

const settings = (plan: string | null) => ({ defaults: { plan, currency: 'USD', timeZone: 'UTC' } });
const users = (all: number, ...names: string[]) => ({
  items: names.map((name) => ({ name }) as Customer),
  counts: { all, unassigned: 0 },
});

describe('what keeps a plan', () => {
  it('is whoever is on it, by name, and the settings', () => {
    expect(obstaclesTo({ id: 'pro' }, users(0), settings(null))).toEqual([]);
    expect(obstaclesTo({ id: 'pro' }, users(1, 'Acme AI'), settings('other'))).toEqual([
      {
        sentence: 'Acme AI is, was or will be on it. Put this customer on another plan first.',
        link: { href: '/customers?plan=pro', label: 'To this customer' },
      },
    ]);
    const [many, isDefault] = obstaclesTo({ id: 'pro' }, users(1_003, 'A', 'B', 'C'), settings('pro'));
    expect(many?.sentence).toBe('A, B, C and 1,000 more are, were or will be on it. Put them on another plan first.');
    expect(isDefault?.link.href).toBe('/settings');
  });
});

it('says what stays of a plan that is deleted', () => {
  const [, , versions] = consequencesOf({ id: 'pro', version: 3 });
  expect(versions).toBe('Its 3 versions stay readable in the API. A plan that is given the id pro later goes on with version 4.');
  expect(consequencesOf({ id: 'pro', version: 1 })[2]).toMatch(/^Its one version stays .* version 2\.$/);
});
