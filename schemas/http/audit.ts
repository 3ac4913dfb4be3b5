/** What to show of the audit log. */
import { Type } from 'typebox';
import { Page, strictObject } from './common.ts';

/** `customer/` and an id, or another kind of the same length. */
const SUBJECT_LENGTH_MAX = 400;

const filter = {
  subject: Type.Optional(Type.String({ maxLength: SUBJECT_LENGTH_MAX, description: 'The object.', examples: ['invoice/12'] })),
  who: Type.Optional(Type.String({ maxLength: 400, description: 'E-mail address, or name of a key or link as the entries have it.' })),
  what: Type.Optional(
    Type.String({ maxLength: 100, description: 'An act such as `invoice.voided`, or all of a kind: `invoice`.', examples: ['invoice'] }),
  ),
  from: Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339.' })),
  to: Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339; not in it.' })),
};

export const AuditQuery = strictObject({ ...Page, ...filter });
export const AuditCsvQuery = strictObject(filter);
export type AuditFilter = Type.Static<typeof AuditCsvQuery>;
