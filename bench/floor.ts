/** The floor to measure against: the same file by plain COPY into a table without index, in the same Postgres. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { connectEmbedded } from '../test/support/embedded-postgres.ts';

export interface CopyFloor {
  rows: number;
  /** Decimal string. */
  total: string;
  seconds: number;
}

export async function copyFloor(dataDirectory: string, file: string): Promise<CopyFloor> {
  const client = await connectEmbedded(dataDirectory);
  try {
    await client.query('CREATE TABLE bench_floor (id text, customer text, time timestamptz, meter text, quantity numeric, region text)');
    const beganAt = performance.now();
    const copy = client.query(copyFrom('COPY bench_floor FROM STDIN (FORMAT csv, HEADER true)'));
    await pipeline(createReadStream(file, { highWaterMark: 1_048_576 }), copy);
    const seconds = (performance.now() - beganAt) / 1000;
    const { rows } = await client.query<{ rows: string; total: string }>(
      'SELECT count(*) AS rows, trim_scale(sum(quantity))::text AS total FROM bench_floor',
    );
    await client.query('DROP TABLE bench_floor');
    return { rows: Number(rows[0]?.rows), total: rows[0]?.total ?? '0', seconds };
  } finally {
    await client.end();
  }
}
