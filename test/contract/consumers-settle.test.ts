/** When an import ends, and what it says then. */
import { describe, expect, it } from 'vitest';
import { settleImports } from '../../consumers/settle.ts';
import { ROLLUPS } from '../../consumers/steps/rollup-ranges.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import type { UsageEvent } from '../../schemas/usage-event.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { eventually } from '../support/eventually.ts';
import { usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;

usePipeline({ partitions: 2 }, (opened) => {
  pipeline = opened;
});

interface Ending {
  id?: string;
  published: number;
  rowsRead: number;
  rowsRejected?: number;
  measures?: number;
  identity?: string;
}

/** Leaves the import as the publisher does when all its events are in the log. */
async function finishPublishing({
  id = '1',
  published,
  rowsRead,
  rowsRejected = 0,
  measures = 1,
  identity = 'id-column',
}: Ending): Promise<void> {
  const mapping = { measures: Array.from({ length: measures }, (_, n) => ({ quantity: `q${n}` })) };
  await pipeline.query(
    `INSERT INTO imports (id, name, status, created_by, mapping, events_published, rows_read, rows_rejected, identity)
     VALUES ($1, 'usage.csv', 'settling', 'test', $2, $3, $4, $5, $6)`,
    [id, JSON.stringify(mapping), published, rowsRead, rowsRejected, identity],
  );
  for (const [partition, end] of (await pipeline.platform.log.endOffsets()).entries()) {
    await pipeline.query(
      `INSERT INTO import_partitions (import_id, partition, end_offset) VALUES ($1, $2, $3)
       ON CONFLICT (import_id, partition) DO UPDATE SET end_offset = $3`,
      [id, partition, end],
    );
  }
  await pipeline.query(`SELECT pg_notify('imports', $1)`, [id]);
}

async function importOf(id = '1') {
  const [row] = await pipeline.query<{
    status: string;
    failure: { code: string; message: string } | null;
    suspected_doubles: string | null;
  }>('SELECT status, rows_new, rows_known, rows_conflict, failure, suspected_doubles FROM imports WHERE id = $1', [id]);
  if (row === undefined) throw new Error(`there is no import ${id}`);
  return row;
}

const ended = (id = '1') =>
  eventually(`import ${id} ends`, async () => {
    const found = await importOf(id);
    return ['complete', 'failed'].includes(found.status) && found;
  });

const line = (line: number, change: Partial<UsageEvent> = {}) => usageEvent({ id: `id-${line}`, line, ...change });

describe('an import', () => {
  it('is complete only when rollups has passed its end in every partition', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    const { clickhouse, postgres, logger } = pipeline.platform;
    const held: ClickHouse = {
      ...clickhouse,
      insert: (insert) =>
        (insert.token.startsWith(`${pipeline.epoch}:1:`) ? gate : Promise.resolve()).then(() => clickhouse.insert(insert)),
    };
    await pipeline.append([line(2)], 0);
    await pipeline.append([line(3)], 1);
    await finishPublishing({ published: 2, rowsRead: 2 });
    await pipeline.running(
      async () => {
        await eventually('one of two partitions is through', async () => (await pipeline.offsets(ROLLUPS))[0] === 1);
        await eventually('all is accepted', async () => (await pipeline.counts('1')).accepted === 2);
        await settleImports(postgres, pipeline.epoch, logger);
        expect(await importOf()).toMatchObject({ status: 'settling', rows_new: null });
        open(undefined);
        expect(await ended()).toMatchObject({ status: 'complete', rows_new: '2', rows_known: '0', rows_conflict: '0', failure: null });
        expect(await pipeline.usage()).toHaveLength(2);
      },
      { clickhouse: held },
    );
  });

  it('that is still being published does not end, however much of it is through', async () => {
    await pipeline.append([line(2)]);
    await finishPublishing({ published: 1, rowsRead: 1 });
    await pipeline.query(`UPDATE imports SET status = 'publishing'`);
    await pipeline.drain();
    await settleImports(pipeline.platform.postgres, pipeline.epoch, pipeline.platform.logger);
    expect(await importOf()).toMatchObject({ status: 'publishing' });
  });

  it('without any event is complete at once', async () => {
    await finishPublishing({ published: 0, rowsRead: 3, rowsRejected: 3 });
    await pipeline.running(async () =>
      expect(await ended()).toMatchObject({ status: 'complete', rows_new: '0', rows_known: '0', rows_conflict: '0' }),
    );
  });

  it('whose events were all through before it was settling ends as well, and says so to those who listen', async () => {
    const told = Promise.withResolvers<string>();
    await pipeline.append([line(2)]);
    await pipeline.drain();
    await finishPublishing({ published: 1, rowsRead: 1 });
    const unlisten = await pipeline.platform.postgres.listen('imports', told.resolve);
    await pipeline.running(async () => {
      expect(await told.promise).toBe('1');
      expect(await importOf()).toMatchObject({ status: 'complete' });
    });
    await unlisten();
  });

  it.each([
    ['fewer', ['no JSON', line(3)], 2, '2 events were published, but 1 are accounted for'],
    ['more', [line(2), line(3)], 1, '1 events were published, but 2 are accounted for'],
  ])('with %s events accounted for than published has failed, with both numbers', async (_, events, published, message) => {
    await pipeline.append(events);
    await finishPublishing({ published, rowsRead: published });
    await pipeline.running(async () => {
      const found = await ended();
      expect(found).toMatchObject({ status: 'failed', failure: { code: 'events_unaccounted' } });
      expect(found.failure?.message).toContain(message);
    });
  });

  it('that was published twice after a crash adds up: redeliveries are in no sum', async () => {
    await pipeline.append([line(2), line(3)]);
    await pipeline.append([line(2), line(3), line(4)]);
    await finishPublishing({ published: 3, rowsRead: 3 });
    await pipeline.running(async () =>
      expect(await ended()).toMatchObject({ status: 'complete', rows_new: '3', rows_known: '0', rows_conflict: '0' }),
    );
    expect(await pipeline.counts('1')).toEqual({ accepted: 3, duplicate: 0, conflict: 0, redelivered: 2 });
  });
});

describe('the comparison for suspected doubles', () => {
  it('that fails holds up no import', async () => {
    const { postgres } = pipeline.platform;
    const failing: Postgres = {
      ...postgres,
      query: (sql, ...rest) => (sql.includes('AS doubles') ? Promise.reject(new Error('out of memory')) : postgres.query(sql, ...rest)),
    };
    await pipeline.append([line(2)]);
    await finishPublishing({ id: '1', published: 1, rowsRead: 1, identity: 'row' });
    await pipeline.running(
      async () => {
        expect(await ended('1')).toMatchObject({ status: 'complete' });
        await eventually('it has failed', () =>
          Promise.resolve(pipeline.messages.some(({ msg }) => msg === 'count suspected doubles failed, trying again')),
        );
        await pipeline.append([line(3, { importId: '2' })]);
        await finishPublishing({ id: '2', published: 1, rowsRead: 1, identity: 'row' });
        expect(await ended('2')).toMatchObject({ status: 'complete', suspected_doubles: null });
      },
      { postgres: failing },
    );
  });
});

describe('the rows of an import', () => {
  const earlier = (events: UsageEvent[]) => events.map((event) => ({ ...event, importId: '9', line: event.line + 100 }));

  it('with one measure are new, known or in conflict as their event is', async () => {
    const rows = [line(2), line(3), line(4), line(5), line(6), line(7)];
    await pipeline.append(earlier(rows.slice(0, 3)));
    await pipeline.append([...rows.slice(0, 2), { ...line(4), quantity: '7' }, ...rows.slice(3)]);
    await finishPublishing({ published: 6, rowsRead: 8, rowsRejected: 2 });
    await pipeline.running(async () =>
      expect(await ended()).toMatchObject({ status: 'complete', rows_new: '3', rows_known: '2', rows_conflict: '1' }),
    );
  });

  it('with two measures are new if any event is, else in conflict if any is, else known', async () => {
    const measure = (row: number, meter: string, quantity = '1') => line(row, { id: `id-${row}:${meter}`, meter, quantity });
    await pipeline.append(
      earlier([
        measure(3, 'a'),
        measure(4, 'a'),
        measure(5, 'a'),
        measure(5, 'b'),
        measure(6, 'a'),
        measure(6, 'b'),
        measure(7, 'a'),
        measure(7, 'b'),
      ]),
    );
    await pipeline.append([
      ...[measure(2, 'a'), measure(2, 'b')], // both new
      ...[measure(3, 'a'), measure(3, 'b')], // known and new
      ...[measure(4, 'a', '7'), measure(4, 'b')], // conflict and new
      ...[measure(5, 'a'), measure(5, 'b', '7')], // known and conflict
      ...[measure(6, 'a', '7'), measure(6, 'b', '7')], // both conflict
      ...[measure(7, 'a'), measure(7, 'b')], // both known
    ]);
    await finishPublishing({ published: 12, rowsRead: 7, rowsRejected: 1, measures: 2 });
    await pipeline.running(async () =>
      expect(await ended()).toMatchObject({ status: 'complete', rows_new: '3', rows_known: '1', rows_conflict: '2' }),
    );
  });

  it('that equal rows of another import in all but the id are counted as suspected doubles, unless the ids were given', async () => {
    const doubles = async (id: string) =>
      eventually(`import ${id} is compared`, async () => (await importOf(id)).suspected_doubles ?? false);
    // Tests share ClickHouse: a customer of its own.
    const [customer, later] = ['doubled', { importId: '2', line: 9, customer: 'doubled' }];
    await pipeline.append([line(2, { customer }), line(3, { customer })]);
    await finishPublishing({ id: '1', published: 2, rowsRead: 2, identity: 'row' });
    await pipeline.running(async () => expect(await doubles('1')).toBe('0'));
    await pipeline.append([
      line(9, { ...later, id: 'double' }),
      line(9, { ...later, id: 'other quantity', quantity: '7' }),
      line(9, { ...later, id: 'other time', time: '2026-10-01T05:10:11.123457Z' }),
      line(9, { ...later, id: 'other meter', meter: 'tokens' }),
      line(9, { ...later, id: 'other customer', customer: 'zenith' }),
    ]);
    await finishPublishing({ id: '2', published: 5, rowsRead: 5, identity: 'file' });
    await pipeline.append([line(9, { customer, importId: '3', id: 'given' })]);
    await finishPublishing({ id: '3', published: 1, rowsRead: 1, identity: 'id-column' });
    await pipeline.running(async () => {
      expect(await doubles('2')).toBe('1');
      expect(await ended('3')).toMatchObject({ status: 'complete', suspected_doubles: null });
    });
  });
});
