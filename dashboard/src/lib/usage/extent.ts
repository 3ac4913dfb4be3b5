import { call } from '../api.ts';
import type { Extent } from '../types.ts';

/** First and last event time, or null while there is no usage. */
export function loadExtent(): Promise<Extent> {
  return call<Extent>('/v1/usage/extent');
}
