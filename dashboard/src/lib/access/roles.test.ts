import { expect, it } from 'vitest';
import { isCustomer, mayChange } from './roles.ts';

const ROLES = ['admin', 'analyst', 'ingest', 'customer', 'link'] as const;

it('only administrators change anything', () => {
  expect(ROLES.filter((role) => mayChange({ role }))).toEqual(['admin']);
});

it('only customers are customers', () => {
  expect(ROLES.filter((role) => isCustomer({ role }))).toEqual(['customer']);
});
