/** What a plan's deletion would do, or why it cannot be: said before it is asked for. The server has the last word. */
import { address } from '../api.ts';
import { formatCount } from '../format.ts';
import type { CustomerList, Plan, Settings } from '../types.ts';

export interface Obstacle {
  sentence: string;
  link: { href: string; label: string };
}

/** `users`: the first of those who are, were or will be on it, and how many there are. */
export function obstaclesTo(
  { id }: Pick<Plan, 'id'>,
  users: Pick<CustomerList, 'items' | 'counts'>,
  { defaults }: Pick<Settings, 'defaults'>,
): Obstacle[] {
  const { all } = users.counts;
  const names = users.items.map(({ name }) => name);
  const rest = all - names.length;
  const who = rest > 0 ? `${names.join(', ')} and ${formatCount(rest)} more` : names.join(', ');
  // Everybody who is not set up yet has the default plan: what is said of it says enough of them.
  return [
    ...(all === 0
      ? []
      : [
          {
            sentence: `${who} ${all === 1 ? 'is, was or will be' : 'are, were or will be'} on it. Put ${all === 1 ? 'this customer' : 'them'} on another plan first.`,
            link: { href: address('/customers', { plan: id }), label: all === 1 ? 'To this customer' : 'To these customers' },
          },
        ]),
    ...(defaults.plan === id
      ? [
          {
            sentence: 'It is the default plan: whoever is not set up is billed by it. Choose another default first.',
            link: { href: '/settings', label: 'To the settings' },
          },
        ]
      : []),
  ];
}

export function consequencesOf({ id, version }: Pick<Plan, 'id' | 'version'>): string[] {
  return [
    'Nobody can be put on it any more. No draft follows it, since nobody is on it.',
    'Final invoices that were billed by it stay as they are, with its prices on them.',
    `${version === 1 ? 'Its one version stays' : `Its ${formatCount(version)} versions stay`} readable in the API. A plan that is given the id ${id} later goes on with version ${formatCount(version + 1)}.`,
    'This cannot be taken back, but a new plan can be made with the same prices.',
  ];
}
