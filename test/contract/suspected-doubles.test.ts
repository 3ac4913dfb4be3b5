/** Suspected doubles on a real Postgres, where very many events of one customer have one time: as in a file of dates. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listDoubles, decodeDoublesPlace } from '../../api/queries/suspected-doubles.ts';
import { createWorkingTables } from '../../ingest/dry-run/working-tables.ts';
import { WHOLE_INSTALLATION } from '../../platform/access/scope.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import { countDoubles, readExtents } from '../../platform/suspected-doubles.ts';
import type { SuspectedDouble } from '../../schemas/http/suspected-doubles.ts';
import { encodeUsageEvent } from '../../schemas/usage-event.ts';
import { openTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { usageEvent } from '../support/usage-event.ts';

const EVENTS = 20_000;
/** The quantities of the first import are 0 to this, each of them twice; those of the second 0 to EVENTS, each once. */
const EQUAL = EVENTS / 2;
const TIME = '2026-10-01T00:00:00.000000Z';

let server: TestPostgres;
let postgres: Postgres;
beforeAll(async () => {
  server = await openTestPostgres();
  ({ postgres } = server);
  await postgres.query(
    `INSERT INTO imports (id, name, status, created_by, identity) VALUES (1, 'first.csv', 'complete', 'test', 'row'), (2, 'second.csv', 'complete', 'test', 'row')`,
  );
  await fill('1', 0, `n % ${EQUAL}`);
  await fill('2', EVENTS, 'n');
});
afterAll(() => server?.close());

/** Line n + 2 of the import holds event n of it. */
async function fill(importId: string, first: number, quantity: string): Promise<void> {
  await postgres.query(
    `INSERT INTO usage_records (customer, id, meter, time, quantity, properties, import_id, line, epoch, partition, "offset", idx)
     SELECT 'acme', $1 || ':' || n, 'calls', $2, ${quantity}, '{}', $1::bigint, n + 2, 1, 0, $3 + n, 0 FROM generate_series(0, $4 - 1) n`,
    [importId, TIME, first, EVENTS],
  );
  await postgres.query(
    `INSERT INTO import_partitions (import_id, partition, epoch, first_offset, end_offset, accepted) VALUES ($1, 0, 1, $2, $3, $4)`,
    [importId, first, first + EVENTS, EVENTS],
  );
}

async function listed(importId: string, limit: number): Promise<SuspectedDouble[]> {
  const items: SuspectedDouble[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const after = cursor === '' ? undefined : decodeDoublesPlace(cursor);
    const page = await listDoubles(postgres, WHOLE_INSTALLATION, importId, { after, limit });
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}

const toLines = ({ line, quantity, other }: SuspectedDouble) => [line, quantity, other.importId, other.line].join();

describe(`${EVENTS} events of two imports at one time`, () => {
  it('are counted', async () => {
    const [extent] = await readExtents(postgres, '2');
    expect(extent).toBeDefined();
    if (extent !== undefined) expect(await countDoubles(postgres, '2', extent)).toBe(EQUAL);
  });

  it('are listed in the order of the log, each with the first event that it equals, whatever the pages', async () => {
    const expected = Array.from({ length: EQUAL }, (_, n) => `${n + 2},${n},1,${n + 2}`);
    for (const limit of [999, 1_000]) expect((await listed('2', limit)).map(toLines)).toEqual(expected);
    const ofFirst = Array.from({ length: EVENTS }, (_, n) => `${n + 2},${n % EQUAL},2,${(n % EQUAL) + 2}`);
    expect((await listed('1', 1_000)).map(toLines)).toEqual(ofFirst);
  });

  it('are found by a dry run of such a file, the first ones shown', async () => {
    const { rows } = await postgres.query<{ id: string }>(
      `INSERT INTO imports (id, name, status, created_by) VALUES (3, 'tried.csv', 'received', 'test') RETURNING id`,
    );
    const tables = await createWorkingTables(postgres, rows[0]?.id ?? '');
    const payloads = Array.from({ length: EVENTS }, (_, n) =>
      encodeUsageEvent(usageEvent({ id: `3:${n}`, meter: 'calls', time: TIME, quantity: `${EQUAL + n}`, line: n + 2 })),
    );
    const batch = { payloads, occurrences: new Uint32Array(EVENTS).fill(1), first: 0 };
    const found = await tables.add(batch, { findDoubles: true, showMax: 3 });
    await tables.drop();
    expect(found).toMatchObject({ accepted: EVENTS, duplicate: 0, conflict: 0, doubles: EQUAL });
    expect(found.shown).toMatchObject(
      [0, 1, 2].map((n) => ({ line: n + 2, quantity: `${EQUAL + n}`, importId: '2', otherLine: EQUAL + n + 2 })),
    );
  });
});
