/** Postgres's text form of a timestamptz in UTC (`2026-10-01 00:00:00.5+00`) as RFC 3339 (`2026-10-01T00:00:00.5Z`). Null stays null. */
export function toInstant(postgresText: string): string;
export function toInstant(postgresText: string | null): string | null;
export function toInstant(postgresText: string | null): string | null {
  return postgresText === null ? null : postgresText.replace(' ', 'T').replace(/\+00(:00)?$/, 'Z');
}
