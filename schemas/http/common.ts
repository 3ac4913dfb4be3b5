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

/** Digits before the point and after it of a decimal number of 0 or more, as a pattern. */
export function decimalPattern(integerDigits: number, fractionDigits: number): string {
  return `^\\d{1,${integerDigits}}(\\.\\d{1,${fractionDigits}})?$`;
}

/** The limits in a pattern that `decimalPattern` made; undefined for any other. */
export function limitsOfDecimalPattern(pattern: string): { integerDigits: number; fractionDigits: number } | undefined {
  const [, integerDigits, fractionDigits] = /^\^\\d\{1,(\d+)\}\(\\\.\\d\{1,(\d+)\}\)\?\$$/.exec(pattern) ?? [];
  if (integerDigits === undefined || fractionDigits === undefined) return undefined;
  return { integerDigits: Number(integerDigits), fractionDigits: Number(fractionDigits) };
}

/** Patterns of texts that are no numbers. What each means in words: platform/http/pattern-faults.ts */
export const PATTERNS = {
  currency: '^[A-Z]{3}$',
  month: '^(19|2[0-2])\\d{2}-(0[1-9]|1[0-2])$',
  day: '^\\d{4}-\\d{2}-\\d{2}$',
  /** At least one character that can be seen: white space and marks without a width are none. */
  visible: '[^\\s\\u00AD\\u115F\\u1160\\u180E\\u200B-\\u200F\\u202A-\\u202E\\u2060-\\u206F\\u2800\\u3164\\uFEFF\\uFFA0]',
  line: '^[^\\r\\n]+$',
  number: '^\\d{1,18}$',
  /** Of a person or a thing: one line that is not blank. */
  name: '^(?=.*\\S)[^\\r\\n]+$',
  email: '^[^\\s@<>"]+@[^\\s@<>"]+$',
} as const;

/** The path of what has a number for its id. */
export const NumberParams = Type.Object({ id: Type.String({ pattern: PATTERNS.number }) });

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
    cells: Type.Optional(
      Type.Array(Type.Object({ customer: Type.String(), meter: Type.String(), hour: Instant }), {
        description: 'Of `reconciliation_red`: where the stores disagree. Ids hold any character, so they stand by themselves.',
      }),
    ),
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
