/** The most common dialect, for tests that are about something else. */
import type { Dialect } from '../../schemas/http/imports.ts';

/** Commas, doubled quotes, LF, a header on line 1. `escape` follows `quote` unless it is given. */
export function plainDialect(overrides: Partial<Dialect> = {}): Dialect {
  const quote = overrides.quote ?? '"';
  return {
    encoding: 'utf-8',
    bom: false,
    delimiter: ',',
    quote,
    escape: quote,
    newline: 'LF',
    header: true,
    skipLines: 0,
    comment: '',
    trailingDelimiter: false,
    shortRows: 'reject',
    ...overrides,
  };
}
