import type { Mapping } from '../schemas/http/imports.ts';

/** Of the files of generate.ts. */
export const BENCH_MAPPING: Mapping = {
  id: 'id',
  customer: 'customer_id',
  time: 'timestamp',
  measures: [{ meter: { column: 'event_name' }, quantity: 'quantity' }],
};

/** The same files without their id column: what a row says is what names it. */
export const ROW_IDENTITY_MAPPING: Mapping = {
  identity: 'row',
  customer: BENCH_MAPPING.customer,
  time: BENCH_MAPPING.time,
  measures: BENCH_MAPPING.measures,
};
