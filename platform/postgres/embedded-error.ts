/** The embedded Postgres cannot be used as things are; the message tells the person who starts Tallyline what to mend. */
export class EmbeddedPostgresError extends Error {
  constructor(message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'EmbeddedPostgresError';
  }
}
