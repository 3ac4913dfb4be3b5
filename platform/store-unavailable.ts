/**
 * A store or the broker cannot be had at the moment: the same call may succeed later. Drivers throw it where their client's error has
 * no code to know it by; `cause` is that error.
 */
export const STORES = ['postgres', 'clickhouse', 'event log', 'file store'] as const;
export type StoreName = (typeof STORES)[number];

export class StoreUnavailableError extends Error {
  readonly store: StoreName;

  constructor(store: StoreName, message: string, options?: ErrorOptions) {
    super(`${store}: ${message}`, options);
    this.name = 'StoreUnavailableError';
    this.store = store;
  }
}
