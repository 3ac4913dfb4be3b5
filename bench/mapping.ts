import type { Mapping } from '../schemas/http/imports.ts';

/** Of the files of generate.ts. */
export const BENCH_MAPPING: Mapping = {
  id: 'id',
  customer: 'customer_id',
  time: 'timestamp',
  measures: [{ meter: { column: 'event_name' }, quantity: 'quantity' }],
};
