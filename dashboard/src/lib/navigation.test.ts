import { expect, it } from 'vitest';
import { destinationsOf, DESTINATIONS, isOpenTo } from './navigation.ts';

it('customers are led to their usage, records, invoices and account; staff to everything', () => {
  expect(destinationsOf('customer').map(({ href }) => href)).toEqual(['/usage', '/records', '/invoices', '/settings/account']);
  expect(destinationsOf('analyst')).toEqual(DESTINATIONS);
});

it.each([
  ['customer', '/invoices/3', true],
  ['customer', '/credit-notes/3', true],
  ['customer', '/customers', false],
  ['customer', '/settings', false],
  ['customer', '/invoicesx', false],
  ['analyst', '/settings/people', false],
  ['analyst', '/settings/audit', true],
  ['admin', '/settings/keys', true],
] as const)('%s at %s: %s', (role, path, isOpen) => expect(isOpenTo(role, path)).toBe(isOpen));
