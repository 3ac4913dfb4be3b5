/** Which way a batch goes into Postgres, and that every way ends with the same. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import type { CommittedBatch } from '../../consumers/steps/commit-records.ts';
import { InsertPath } from '../../consumers/steps/insert-path.ts';
import { RecentKeys } from '../../consumers/steps/recent-keys.ts';
import { MOMENTS_CHANNEL } from '../../platform/moments.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import type { UsageEvent } from '../../schemas/usage-event.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { seededRandom, testSeed } from '../support/random.ts';
import { makeImports, undo } from '../support/undo.ts';
import { ofVersion2, usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;

const stores = usePipeline({ partitions: 1 }, async (opened) => {
  pipeline = opened;
  await makeImports(pipeline, ['1', '2']);
});

const event = (id: string, change: Partial<UsageEvent> = {}) => usageEvent({ id, ...change });
const again = (id: string, line = 7) => event(id, { importId: '2', line });
const STRAIGHT = ['usage_records'];
/** Tried, staged because of a key that was taken, and what is left of it copied. */
const VIOLATED = ['usage_records', 'staged', 'usage_records'];
const STAGED = ['staged', 'usage_records'];
/** What is suspected or repeated is staged, the rest copied straight. */
const ASIDE = ['staged', 'usage_records'];

/** Appends a batch and commits it; answers into which tables it was copied, in order. `before` is called before each COPY. */
async function commit(
  events: readonly (UsageEvent | string)[],
  path = new InsertPath(),
  before: (copies: readonly string[]) => Promise<unknown> = () => Promise.resolve(),
  recentKeys = path.recentKeys,
): Promise<CommittedBatch & { copies: string[] }> {
  await pipeline.append(events);
  const copies: string[] = [];
  const { postgres } = pipeline.platform;
  const watched: Postgres = {
    ...postgres,
    transaction: (work) =>
      postgres.transaction((transaction) =>
        work({
          ...transaction,
          async copyFrom(sql, chunks) {
            copies.push(/^COPY (\w+)/.exec(sql)?.[1] ?? sql);
            await before(copies);
            await transaction.copyFrom(sql, chunks);
          },
        }),
      ),
  };
  return { ...(await pipeline.commit(await pipeline.nextBatch(0, recentKeys), path, watched)), copies };
}

const idsOf = async (table: string) =>
  (await pipeline.query<{ id: string }>(`SELECT id FROM ${table} ORDER BY "offset"`)).map(({ id }) => id);

describe('a batch', () => {
  it('of new keys is copied straight into its table, sorted by key; that it is written is announced before it is committed', async () => {
    const steps: string[] = [];
    const listener = (moment: unknown) => steps.push(String(moment));
    subscribe(MOMENTS_CHANNEL, listener);
    const batch = [event('b'), event('a', { customer: 'zenith' }), event('a')];
    const { copies } = await commit(batch, new InsertPath(), (into) => Promise.resolve(steps.push(...into))).finally(() => {
      unsubscribe(MOMENTS_CHANNEL, listener);
      steps.push('committed');
    });
    expect(copies).toEqual(STRAIGHT);
    expect(steps).toEqual(['usage_records', 'staged', 'committed']);
    const stored = await pipeline.query('SELECT customer, id FROM usage_records ORDER BY ctid');
    expect(stored).toEqual([
      { customer: 'acme', id: 'a' },
      { customer: 'acme', id: 'b' },
      { customer: 'zenith', id: 'a' },
    ]);
  });

  it('with a key that is taken leaves nothing of the attempt, goes through staging, and so does the next; then it is straight again', async () => {
    const path = new InsertPath();
    const batches = [
      [event('a'), event('b')],
      [event('c'), again('b'), event('d')],
      [event('e')],
      [event('f')],
      [event('g'), event('h', { importId: '2' })],
    ];
    const copies: string[][] = [];
    for (const batch of batches) copies.push((await commit(batch, path)).copies);
    expect(copies).toEqual([STRAIGHT, VIOLATED, STAGED, STRAIGHT, STRAIGHT]);
    expect(await idsOf('usage_records')).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
    expect(await idsOf('witnesses')).toEqual(['b']);
    expect(await pipeline.marks()).toEqual(['0:3']);
    expect(await pipeline.counts('2')).toEqual({ accepted: 1, duplicate: 1, conflict: 0, redelivered: 0 });
  });

  it('of known keys alone is staged and nothing else, as long as they keep coming', async () => {
    const path = new InsertPath();
    await commit([event('a'), event('b')], path);
    expect((await commit([again('a'), again('b')], path)).copies).toEqual(['usage_records', 'staged']);
    const { copies, dropped } = await commit([again('b', 8), event('a', { importId: '2', line: 9, quantity: '2' })], path);
    expect(copies).toEqual(['staged']);
    expect([...dropped]).toEqual(['4:0', '5:0']);
    expect(await pipeline.counts('2')).toEqual({ accepted: 0, duplicate: 3, conflict: 1, redelivered: 0 });
  });

  it('that holds a key twice is copied straight, the first delivery of it, and only the others are staged', async () => {
    const twice = [event('a', { quantity: '9', importId: '2' }), event('b'), event('a'), event('a', { quantity: '9', line: 4 })];
    const { copies, dropped } = await commit(twice);
    expect(copies).toEqual(ASIDE);
    expect([...dropped]).toEqual(['2:0', '3:0']);
    expect(await pipeline.query('SELECT id, quantity::text AS quantity FROM usage_records ORDER BY id')).toEqual([
      { id: 'a', quantity: '9' },
      { id: 'b', quantity: '1.5' },
    ]);
    expect(await idsOf('conflicts')).toEqual(['a']);
    expect(await idsOf('witnesses')).toEqual(['a']);
  });

  it('with known keys and new ones that come twice decides each by itself', async () => {
    const path = new InsertPath();
    await commit([event('a')], path);
    const { copies, dropped } = await commit(
      [event('b'), again('a'), again('b'), again('a', 8), event('b', { line: 3, quantity: '4' })],
      path,
    );
    expect(copies).toEqual([...ASIDE, ...STAGED]);
    expect([...dropped]).toEqual(['2:0', '3:0', '4:0', '5:0']);
    expect(await idsOf('usage_records')).toEqual(['a', 'b']);
    expect(await idsOf('witnesses')).toEqual(['a', 'b', 'a']);
    expect(await idsOf('conflicts')).toEqual(['b']);
  });

  it('with keys that came shortly before is copied straight but for these, once such keys have come', async () => {
    const path = new InsertPath();
    await commit([event('a')], path);
    expect((await commit([event('b'), again('a')], path)).copies).toEqual(VIOLATED);
    expect((await commit([event('c')], path)).copies).toEqual(STAGED);
    expect(path.isStraight()).toBe(true);
    const { copies, dropped } = await commit([event('d'), again('c'), event('e'), again('e')], path);
    expect(copies).toEqual(ASIDE);
    expect([...dropped]).toEqual(['5:0', '7:0']);
    expect(path.isStraight()).toBe(true);
    expect(await idsOf('usage_records')).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(await idsOf('witnesses')).toEqual(['a', 'c', 'e']);
    expect(await pipeline.counts('2')).toEqual({ accepted: 0, duplicate: 3, conflict: 0, redelivered: 0 });
  });

  it('accepts what is suspected wrongly, of equal keys the first', async () => {
    const keys = new RecentKeys();
    for (const id of ['new', 'known']) keys.add('acme', id);
    await commit([event('known')]);
    const batch = [event('new', { quantity: '7' }), event('other'), again('known'), event('new', { line: 9, quantity: '8' })];
    const { copies, dropped } = await commit(batch, new InsertPath(), undefined, keys);
    expect(copies).toEqual(ASIDE);
    expect([...dropped]).toEqual(['3:0', '4:0']);
    expect(await pipeline.query('SELECT id, quantity::text AS quantity FROM usage_records ORDER BY id')).toEqual([
      { id: 'known', quantity: '1.5' },
      { id: 'new', quantity: '7' },
      { id: 'other', quantity: '1.5' },
    ]);
    expect([await idsOf('conflicts'), await idsOf('witnesses')]).toEqual([['new'], ['known']]);
  });

  it('with keys suspected and one taken that was not leaves nothing of the attempt', async () => {
    const keys = new RecentKeys();
    keys.add('acme', 'suspected');
    await commit([event('suspected'), event('taken')]);
    const batch = [again('suspected'), again('taken', 8), event('new')];
    const { copies, dropped } = await commit(batch, new InsertPath(), undefined, keys);
    expect(copies).toEqual(['staged', 'usage_records', 'staged', 'usage_records']);
    expect([...dropped]).toEqual(['2:0', '3:0']);
    expect(await idsOf('usage_records')).toEqual(['suspected', 'taken', 'new']);
    expect(await idsOf('witnesses')).toEqual(['suspected', 'taken']);
  });

  it('of an import that is undone is staged, and its events are voided', async () => {
    await undo(pipeline, '1');
    const { copies } = await commit([event('late'), event('a', { importId: '2' })]);
    // With something taken out of the staged rows, the rest is carried over within Postgres.
    expect(copies).toEqual(['staged']);
    expect(await idsOf('usage_records')).toEqual(['a']);
    expect(await idsOf('voided_events')).toEqual(['late']);
  });

  it('with a line again that stands in conflict, although nothing of its event is accepted, is staged, and it stays out', async () => {
    await commit([event('a'), event('a', { importId: '2', line: 7, quantity: '2' })]);
    await pipeline.query(`UPDATE conflicts SET stranded = true`);
    await pipeline.query('DELETE FROM usage_records');
    const { copies } = await commit([event('a', { importId: '2', line: 7, quantity: '2' }), event('b', { importId: '2', line: 8 })]);
    expect(copies).toEqual(['staged']);
    expect(await idsOf('usage_records')).toEqual(['b']);
    expect((await pipeline.counts('2')).redelivered).toBe(1);
  });

  it('copied straight releases the dead letter that one of its events was before', async () => {
    await pipeline.query(`UPDATE imports SET status = 'publishing'`);
    await commit([ofVersion2(event('a', { line: 5 }))]);
    const counted = () => pipeline.query('SELECT line FROM dead_letters WHERE is_counted');
    expect(await counted()).toEqual([{ line: '5' }]);
    expect((await commit([event('b', { line: 6 })])).copies).toEqual(['usage_records', 'staged']);
    expect(await counted()).toEqual([{ line: '5' }]);
    expect((await commit([event('a', { line: 5 })])).copies).toEqual(['usage_records', 'staged']);
    expect(await counted()).toEqual([]);
  });

  it('whose key somebody takes while it is decided is left undone, and is right the second time', async () => {
    await commit([event('a')]);
    const taking = async (copies: readonly string[]) => {
      if (copies.length !== 3) return;
      await pipeline.query(
        `INSERT INTO usage_records SELECT customer, 'b', meter, time, quantity, properties, 2, 1, epoch, 1, 0, 0 FROM usage_records`,
      );
    };
    const batch = [again('a'), event('b'), event('c')];
    await expect(commit(batch, new InsertPath(), taking)).rejects.toThrow('of 3 events 1 were accepted, 1 refused and 0 voided');
    expect(await idsOf('usage_records')).toEqual(['a', 'b'].toSorted());
    await pipeline.commit(await pipeline.nextBatch());
    expect((await idsOf('usage_records')).toSorted()).toEqual(['a', 'b', 'c']);
    expect((await idsOf('witnesses')).toSorted()).toEqual(['a', 'b']);
  });

  const seed = testSeed();
  it(`ends with the same whichever way it goes (seed ${seed})`, async () => {
    const ways: [string, () => InsertPath][] = [];
    const kept = new InsertPath();
    ways.push(['straight where it can', () => new InsertPath()], ['as it guesses', () => kept], ['staged', stagingPath]);
    const results = [];
    for (const [, path] of ways) {
      pipeline = await stores.open(1);
      await makeImports(pipeline, ['1', '2', '3', '4']);
      await undo(pipeline, '4');
      const random = seededRandom(seed);
      const dropped: string[][] = [];
      for (let n = 0; n < 25; n++) dropped.push([...(await commit(randomBatch(random, n), path())).dropped]);
      results.push({ dropped, ...(await everything()) });
      await pipeline.close();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    expect(Object.values(results[0] ?? {}).every((rows) => rows.length > 0)).toBe(true);
  });
});

function stagingPath(): InsertPath {
  const path = new InsertPath();
  path.wasViolated();
  return path;
}

/** Some of only new keys, some with repeats, known keys, other content, redelivered lines, late events and dead letters. */
function randomBatch(random: () => number, n: number): (UsageEvent | string)[] {
  const below = (limit: number) => Math.floor(random() * limit);
  const isClean = random() < 0.4;
  return Array.from({ length: 1 + below(12) }, (_, at) => {
    const one = usageEvent({
      id: isClean ? `new-${n}-${at}` : `known-${below(30)}`,
      customer: `customer-${below(2)}`,
      importId: String(1 + below(isClean ? 3 : 4)),
      line: 2 + below(20),
      quantity: String(1 + below(2)),
    });
    return !isClean && random() < 0.1 ? ofVersion2(one) : one;
  });
}

async function everything(): Promise<Record<string, unknown[]>> {
  const tables: Record<string, string> = {
    usage_records: 'customer, id, meter, quantity::text, import_id, line, partition, "offset", idx',
    witnesses: 'customer, id, import_id, line, meter, partition, "offset", idx',
    conflicts: 'customer, id, quantity::text, import_id, line, partition, "offset", idx',
    voided_events: 'customer, id, import_id, line, "offset"',
    dead_letters: '"offset", line, is_counted',
    import_partitions: 'import_id, partition, accepted, duplicate, conflict, redelivered, voided, dead, first_offset',
    import_known_from: 'import_id, from_import_id, events',
    log_marks: 'first_offset, next_offset, offsets::text, indexes::text',
  };
  const rows = Object.entries(tables).map(async ([table, columns]) => {
    const order = columns.split(', ').map((_, at) => at + 1);
    return [table, await pipeline.query(`SELECT ${columns} FROM ${table} ORDER BY ${order.join()}`)] as const;
  });
  return Object.fromEntries(await Promise.all(rows));
}
