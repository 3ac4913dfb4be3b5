/** What a person's decision about a conflict promises: both stores are as if the version kept had come first, and nothing is lost. */
import { describe, expect, it } from 'vitest';
import { sendResolutions } from '../../ingest/resolutions.ts';
import { conflictOf, decideOn, lookAt, report, resolve } from '../support/conflicts.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { expectStoresAgree, makeImports, undo } from '../support/undo.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;
let look: ReturnType<typeof lookAt>;

usePipeline({ partitions: 1 }, async (opened) => {
  pipeline = opened;
  look = lookAt(pipeline);
  await makeImports(pipeline, ['1', '2', '3', '4']);
});

describe('keeping this', () => {
  it('bills it as if it had come first: what was accepted, and its duplicates, are decided against, what agrees is its duplicate', async () => {
    await pipeline.append([
      report('1', 2),
      report('2', 2, { quantity: '2' }),
      report('3', 3),
      report('3', 4, { quantity: '2' }),
      report('4', 5, { quantity: '4' }),
    ]);
    await pipeline.drain();
    expect(await look.counts('1', '2', '3', '4')).toEqual([
      [1, 0, 0],
      [0, 0, 1],
      [0, 1, 1],
      [0, 0, 1],
    ]);
    await resolve(pipeline, '2', 2, 'this');
    await pipeline.drain();
    expect(await look.live()).toEqual([{ id: 'event-1', import: 2, line: 2, quantity: '2', offset: 5, idx: 0 }]);
    expect(await pipeline.usage()).toMatchObject([{ offset: '5', quantity: '2' }]);
    expect(await look.conflicts()).toEqual([
      { import: 1, line: 2, quantity: '1.5', status: 'resolved' },
      { import: 3, line: 3, quantity: '1.5', status: 'resolved' },
      { import: 4, line: 5, quantity: '4', status: 'open' },
    ]);
    expect([await look.linesOf('witnesses'), await look.linesOf('kept_versions')]).toEqual([
      [{ import: 3, line: 4 }],
      [{ import: 2, line: 2 }],
    ]);
    expect(await look.counts('1', '2', '3', '4')).toEqual([
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 1],
      [0, 0, 1],
    ]);
    expect(await look.knownFrom()).toEqual([{ import: 3, from: 2, events: 1 }]);
    await expectStoresAgree(pipeline);
  });

  it('moves the event to another month, hour, meter and back', async () => {
    await pipeline.append([report('1', 2), report('2', 2, { meter: 'other', time: '2026-11-30T23:00:00.000000Z' })]);
    await pipeline.drain();
    await resolve(pipeline, '2', 2, 'this');
    await pipeline.drain();
    expect(await pipeline.usage()).toMatchObject([{ meter: 'other', time: '2026-11-30 23:00:00.000000' }]);
    await expectStoresAgree(pipeline);
    await resolve(pipeline, '1', 2, 'this');
    await pipeline.drain();
    expect(await pipeline.usage()).toMatchObject([{ meter: 'requests', time: '2026-10-01 05:10:11.123456' }]);
    expect([await look.conflicts(), await look.linesOf('kept_versions')]).toMatchObject([
      [{ import: 2, status: 'resolved' }],
      [{ import: 1 }],
    ]);
    await expectStoresAgree(pipeline);
  });

  it('where nothing is accepted, because an undo has left versions that disagree, accepts it', async () => {
    await pipeline.append([
      report('1', 2),
      report('2', 2, { quantity: '2' }),
      report('3', 2, { quantity: '3' }),
      report('4', 2, { quantity: '2' }),
    ]);
    await pipeline.drain();
    await undo(pipeline, '1');
    await pipeline.drain();
    expect(await look.live()).toEqual([]);
    await resolve(pipeline, '4', 2, 'this');
    await pipeline.drain();
    expect(await look.live()).toMatchObject([{ import: 4, quantity: '2' }]);
    expect([await look.linesOf('witnesses'), await look.conflicts()]).toMatchObject([[{ import: 2 }], [{ import: 3, status: 'open' }]]);
    expect(await look.counts('2', '3', '4')).toEqual([
      [0, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
    ]);
    await expectStoresAgree(pipeline);
  });

  it('where the same version has been accepted since, leaves that one, and ClickHouse alone', async () => {
    await pipeline.append([report('1', 2), report('2', 2, { quantity: '2' }), report('3', 2, { quantity: '3' })]);
    await pipeline.drain();
    await undo(pipeline, '1');
    await pipeline.append([report('4', 2, { quantity: '2' })]);
    await pipeline.drain();
    expect([await look.live(), await look.counts('2', '4')]).toMatchObject([
      [{ import: 4 }],
      [
        [0, 0, 1],
        [1, 0, 0],
      ],
    ]);
    await resolve(pipeline, '2', 2, 'this');
    await pipeline.drain();
    expect([await look.live(), await look.linesOf('witnesses'), await look.conflicts()]).toMatchObject([
      [{ import: 4 }],
      [{ import: 2 }],
      [{ import: 3 }],
    ]);
    expect(await look.counts('2', '4')).toEqual([
      [0, 1, 0],
      [1, 0, 0],
    ]);
    expect(await pipeline.query('SELECT FROM voids WHERE control_offset > 3')).toEqual([]);
    await expectStoresAgree(pipeline);
  });

  it('of two versions of one event: the later decision holds, and the earlier one’s is decided against under its own id', async () => {
    await pipeline.append([report('1', 2), report('2', 2, { quantity: '2' }), report('3', 2, { quantity: '3' })]);
    await pipeline.drain();
    const second = await decideOn(pipeline, '2', 2, 'this');
    await decideOn(pipeline, '3', 2, 'this');
    await sendResolutions(pipeline.platform);
    await pipeline.drain();
    expect(await look.live()).toMatchObject([{ import: 3, quantity: '3' }]);
    expect(await look.conflicts()).toMatchObject([
      { import: 1, status: 'resolved' },
      { import: 2, status: 'resolved' },
    ]);
    expect(await conflictOf(pipeline, '2', 2)).toBe(second);
    await expectStoresAgree(pipeline);
  });

  it('takes out a row that an earlier incarnation of the log had brought', async () => {
    const { id, customer, meter, time, quantity, properties } = report('1', 2);
    const old = 1_000 + pipeline.epoch;
    await pipeline.query(
      `INSERT INTO usage_records (customer, id, meter, time, quantity, properties, import_id, line, epoch, partition, "offset", idx)
       VALUES ($1, $2, $3, $4, $5, $6, 1, 2, $7, 0, 77, 3)`,
      [customer, id, meter, time, quantity, properties, old],
    );
    await pipeline.platform.clickhouse.insert({
      table: 'tallyline.usage_events',
      columns: ['customer', 'meter', 'time', 'quantity', 'epoch', 'log_partition', 'log_offset', 'log_index'],
      tsv: `${customer}\t${meter}\t${time}\t${quantity}\t${old}\t0\t77\t3\n`,
      rows: 1,
      token: `old:${old}`,
    });
    const left = () =>
      pipeline.platform.clickhouse.query({ name: 'test_old', sql: `SELECT log_offset FROM tallyline.usage_events WHERE epoch = ${old}` });
    expect(await left()).toHaveLength(1);
    await pipeline.append([report('2', 2, { quantity: '2' })]);
    await pipeline.drain();
    await resolve(pipeline, '2', 2, 'this');
    await pipeline.drain();
    expect(await left()).toEqual([]);
    expect(await look.conflicts()).toMatchObject([{ import: 1, status: 'resolved' }]);
    await expectStoresAgree(pipeline);
  });
});

describe('keeping the first', () => {
  it('decides against this version, whoever reported it, and touches neither store’s usage nor any count', async () => {
    await pipeline.append([
      report('1', 2),
      report('2', 2, { quantity: '2' }),
      report('3', 2, { quantity: '2' }),
      report('4', 2, { quantity: '4' }),
    ]);
    await pipeline.drain();
    const before = [await look.live(), await pipeline.usage(), await look.counts('1', '2', '3', '4')];
    await resolve(pipeline, '2', 2, 'first');
    await pipeline.drain();
    expect([await look.live(), await pipeline.usage(), await look.counts('1', '2', '3', '4')]).toEqual(before);
    expect(await look.conflicts()).toMatchObject([
      { status: 'resolved' },
      { import: 3, status: 'resolved' },
      { import: 4, status: 'open' },
    ]);
    await expectStoresAgree(pipeline);
  });

  it('keeps an undo from bringing that version up, while another that nobody has decided about comes up', async () => {
    await pipeline.append([report('1', 2), report('2', 2, { quantity: '2' }), report('4', 2, { quantity: '4' })]);
    await pipeline.drain();
    await resolve(pipeline, '2', 2, 'first');
    await undo(pipeline, '1');
    await pipeline.drain();
    expect(await look.live()).toMatchObject([{ import: 4, quantity: '4' }]);
    expect(await look.conflicts()).toMatchObject([{ import: 2, status: 'resolved' }]);
    await expectStoresAgree(pipeline);
  });
});

describe('an undo after a decision', () => {
  it('of the version kept bills nothing, and asks a person about what it was kept against', async () => {
    await pipeline.append([report('1', 2), report('2', 2, { quantity: '2' }), report('3', 2, { quantity: '3' })]);
    await pipeline.drain();
    await resolve(pipeline, '3', 2, 'first');
    await resolve(pipeline, '2', 2, 'this');
    await pipeline.drain();
    await undo(pipeline, '2');
    await pipeline.drain();
    expect(await look.live()).toEqual([]);
    expect([await look.conflicts(), await look.linesOf('kept_versions')]).toMatchObject([
      [
        { import: 1, status: 'reopened' },
        { import: 3, status: 'reopened' },
      ],
      [],
    ]);
    // Left alone by another undo, it is not billed by itself all the same.
    await undo(pipeline, '3');
    await pipeline.drain();
    expect([await look.live(), await look.conflicts()]).toMatchObject([[], [{ import: 1, status: 'reopened' }]]);
    await resolve(pipeline, '1', 2, 'this');
    await pipeline.drain();
    expect([await look.live(), await look.conflicts()]).toMatchObject([[{ import: 1, quantity: '1.5' }], []]);
    expect(await look.counts('1')).toEqual([[1, 0, 0]]);
    await expectStoresAgree(pipeline);
  });

  it('of the version kept passes it to a duplicate, and the decision stands', async () => {
    await pipeline.append([report('1', 2), report('2', 2, { quantity: '2' }), report('3', 2, { quantity: '2' })]);
    await pipeline.drain();
    await resolve(pipeline, '2', 2, 'this');
    await pipeline.drain();
    await undo(pipeline, '2');
    await pipeline.drain();
    expect([await look.live(), await look.conflicts()]).toMatchObject([
      [{ import: 3, quantity: '2', offset: 3 }],
      [{ import: 1, status: 'resolved' }],
    ]);
    expect(await look.counts('1', '3')).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ]);
    await expectStoresAgree(pipeline);
  });

  it('of the version decided against takes it away, and nothing else', async () => {
    await pipeline.append([report('1', 2), report('2', 2, { quantity: '2' }), report('3', 2)]);
    await pipeline.drain();
    await resolve(pipeline, '2', 2, 'this');
    await undo(pipeline, '1', '3');
    await pipeline.drain();
    expect([await look.live(), await look.conflicts(), await look.linesOf('voided_events')]).toMatchObject([
      [{ import: 2, quantity: '2' }],
      [],
      [{ import: 1 }, { import: 3 }],
    ]);
    await expectStoresAgree(pipeline);
  });
});
