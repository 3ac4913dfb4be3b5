/** Who may come in, and who did what. */
import { Type } from 'typebox';
import { Instant, List, nullable, strictObject } from './common.ts';
import { Token, Typed } from './users.ts';

export const AuditEntry = Type.Object({
  id: Type.String(),
  at: Instant,
  who: Type.String(),
  address: nullable(Type.String({ description: 'From where; null for the program itself.' })),
  what: Type.String(),
  subject: Type.String(),
  reason: nullable(Type.String()),
  details: Type.Record(Type.String(), Type.Unknown()),
});
export type AuditEntry = Type.Static<typeof AuditEntry>;
export const AuditList = List(AuditEntry);

export const SignIn = Type.Union([
  strictObject({ token: Token }, 'A one-time link of the administrator.'),
  strictObject({ email: Typed, password: Typed }, 'A person with a password.'),
]);

export const Session = Type.Object({
  name: Type.String({ description: 'E-mail address, or name of the key.' }),
  role: Type.Union([
    Type.Literal('admin'),
    Type.Literal('analyst'),
    Type.Literal('ingest'),
    Type.Literal('customer'),
    Type.Literal('link'),
  ]),
  customer: nullable(Type.String({ description: 'Of the roles `customer` and `link`: whose usage and invoices they see.' })),
  invoice: nullable(Type.String({ description: 'Of the role `link`: the one invoice.' })),
  expiresAt: nullable(Type.String({ description: 'End of the session; null for a key.' })),
});
export type Session = Type.Static<typeof Session>;
