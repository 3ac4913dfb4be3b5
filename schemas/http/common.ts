/** Shapes that several resources share. Amounts and quantities are decimal strings, times RFC 3339 in UTC. */
import { Type, type TProperties, type TSchema } from 'typebox';

/** An object that refuses members it does not know: a misspelt field is an error, never ignored. */
export function strictObject<T extends TProperties>(properties: T, description?: string) {
  return Type.Object(properties, { additionalProperties: false, ...(description === undefined ? {} : { description }) });
}

export function nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

export const DecimalString = Type.String({
  pattern: '^-?\\d+(\\.\\d+)?$',
  description: 'A decimal number, exact, as text.',
  examples: ['12.5'],
});
export const Instant = Type.String({ description: 'RFC 3339 in UTC.', examples: ['2026-10-01T00:00:00Z'] });

export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.String(),
    requestId: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), code: Type.String(), message: Type.String() }))),
  },
  { description: 'RFC 9457 problem details.' },
);
export type Problem = Type.Static<typeof Problem>;

export const Page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  cursor: Type.Optional(Type.String({ maxLength: 2000 })),
};

export function List<T extends TSchema>(item: T) {
  return Type.Object({ items: Type.Array(item), nextCursor: nullable(Type.String()) });
}
