/** Keys of machines. */
import { Type } from 'typebox';
import { Instant, List, nullable, Page, PATTERNS, strictObject } from './common.ts';
import { CustomerId } from './customers.ts';

export const KEY_NAME_LENGTH_MAX = 100;

const Role = Type.Union([Type.Literal('admin'), Type.Literal('analyst'), Type.Literal('ingest'), Type.Literal('customer')]);

export const ApiKeyInput = strictObject({
  name: Type.String({
    maxLength: KEY_NAME_LENGTH_MAX,
    pattern: PATTERNS.visible,
    description: 'What it is for. Unique, and never given again: the audit log names keys by it.',
    examples: ['billing export'],
  }),
  role: Role,
  customer: Type.Optional(CustomerId),
  expiresAt: Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339. Without it, the key holds until it is revoked.' })),
});
export type ApiKeyInput = Type.Static<typeof ApiKeyInput>;

export const ApiKey = Type.Object({
  id: Type.String(),
  name: Type.String(),
  prefix: Type.String({ description: 'How the key begins.' }),
  role: Role,
  customer: nullable(Type.String({ description: 'Of the role `customer`: whose usage and invoices it reads.' })),
  createdAt: Instant,
  createdBy: Type.String(),
  expiresAt: nullable(Instant),
  lastUsedAt: nullable(Type.String({ description: 'A minute late at the most.' })),
  lastUsedFrom: nullable(Type.String({ description: 'Address of that call.' })),
  revokedAt: nullable(Instant),
  revokedBy: nullable(Type.String()),
});
export type ApiKey = Type.Static<typeof ApiKey>;

export const CreatedApiKey = Type.Object({
  ...ApiKey.properties,
  key: Type.String({ description: 'The key itself: shown this once, kept as a hash only.' }),
});
export type CreatedApiKey = Type.Static<typeof CreatedApiKey>;

export const ApiKeyList = List(ApiKey);
export const ApiKeysQuery = strictObject(Page);
