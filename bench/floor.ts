/** The floor to measure against: the same rows by plain COPY into a table without index, in the same Postgres. */
import { from as copyFrom } from 'pg-copy-streams';
import { pipeline } from 'node:stream/promises';
import { connectEmbedded } from '../test/support/embedded-postgres.ts';
import { usageCsv } from './generate.ts';

/** Rows per second. */
export async function copyFloor(dataDirectory: string, rows: number): Promise<number> {
  const client = await connectEmbedded(dataDirectory);
  try {
    await client.query('CREATE TABLE bench_floor (id text, customer text, time timestamptz, meter text, quantity numeric, region text)');
    const beganAt = performance.now();
    const copy = client.query(copyFrom('COPY bench_floor FROM STDIN (FORMAT csv, HEADER true)'));
    await pipeline(usageCsv(rows, 'floor'), copy);
    const seconds = (performance.now() - beganAt) / 1000;
    await client.query('DROP TABLE bench_floor');
    return rows / seconds;
  } finally {
    await client.end();
  }
}
