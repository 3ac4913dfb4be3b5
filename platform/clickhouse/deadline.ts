/** Gives up on a server that does not answer: a connection can stay open for ever without anyone at its other end. */

export class ConnectionTimeoutError extends Error {
  /** The code of a connection that timed out, by which whoever sees it knows that the store is away. */
  readonly code = 'ETIMEDOUT';

  constructor(limitMs: number, options?: ErrorOptions) {
    super(`ClickHouse has not answered within ${limitMs} ms`, options);
    this.name = 'ConnectionTimeoutError';
  }
}

/** Runs the task with a signal that ends it after `limitMs`; without a limit, and without a signal, where that is undefined. */
export async function withDeadline<T>(limitMs: number | undefined, task: (signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
  if (limitMs === undefined) return task(undefined);
  const signal = AbortSignal.timeout(limitMs);
  try {
    return await task(signal);
  } catch (error) {
    throw signal.aborted ? new ConnectionTimeoutError(limitMs, { cause: error }) : error;
  }
}
