/** What `npm run bench` runs, in this order. */
import { aggregate } from './aggregate.ts';
import { billing } from './billing.ts';
import { dashboard } from './dashboard.ts';
import { endToEnd } from './end-to-end.ts';
import { growth } from './growth.ts';
import { imports } from './imports.ts';
import { kafka } from './kafka.ts';
import { latency } from './latency.ts';
import { live } from './live.ts';
import { reading } from './reading.ts';
import { memory } from './memory.ts';
import { recordsPage } from './records-page.ts';
import { sourceLine } from './source-line.ts';
import { map, parse, publish, records, rollups } from './stages.ts';
import { start } from './start.ts';
import type { BenchCase } from './figure.ts';

export const CASES: readonly BenchCase[] = [
  parse,
  map,
  publish,
  records,
  rollups,
  endToEnd,
  kafka,
  imports,
  latency,
  billing,
  dashboard,
  live,
  reading,
  aggregate,
  recordsPage,
  sourceLine,
  memory,
  start,
  growth,
];
