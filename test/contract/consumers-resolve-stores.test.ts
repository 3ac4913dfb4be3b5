/** What those who count and compare make of a person's decision about a conflict. */
import { beforeEach, describe, expect, it } from 'vitest';
import { reconcile } from '../../consumers/reconcile.ts';
import { report, resolve } from '../support/conflicts.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { eventually } from '../support/eventually.ts';
import { RebuildUnderTest } from '../support/rebuild.ts';
import { makeImports, recordsAlone } from '../support/undo.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;

usePipeline({ partitions: 1 }, async (opened) => {
  pipeline = opened;
  await makeImports(pipeline, ['1', '2', '3', '4']);
});

describe('an import that a decision has touched', () => {
  it('has its rows counted anew', async () => {
    await pipeline.append([report('1', 2), report('1', 3, { id: 'b' }), report('2', 2, { quantity: '2' }), report('3', 2)]);
    await pipeline.query('UPDATE imports SET rows_read = 2, rows_new = 2 WHERE id = 1');
    await pipeline.drain();
    await resolve(pipeline, '2', 2, 'this');
    const rows = () =>
      pipeline.query('SELECT rows_new AS new, rows_known AS known, rows_conflict AS conflict FROM imports WHERE id < 4 ORDER BY id');
    const expected = [
      { new: '1', known: '0', conflict: '1' },
      { new: '1', known: '0', conflict: '0' },
      { new: '0', known: '0', conflict: '1' },
    ];
    await pipeline.running(() => eventually('they are counted', async () => JSON.stringify(await rows()) === JSON.stringify(expected)));
  });
});

describe('beside the jobs that watch over the stores', () => {
  const compare = () => reconcile(pipeline.platform, pipeline.epoch, new AbortController().signal);
  const cells = () => pipeline.query('SELECT meter, state FROM reconciliation_cells ORDER BY meter, hour');
  beforeEach(async () => {
    await pipeline.platform.clickhouse.command('TRUNCATE TABLE tallyline.usage_events');
    await pipeline.append([
      report('1', 2),
      report('2', 2, { quantity: '2', time: '2026-11-30T23:00:00.000000Z' }),
      report('3', 2, { id: 'stays' }),
    ]);
    await pipeline.drain();
    await compare();
  });

  it('reconciliation says neither red nor green of an hour while it is under way, and green of both hours afterwards', async () => {
    await resolve(pipeline, '2', 2, 'this');
    await recordsAlone(pipeline);
    await compare();
    expect(await cells()).toEqual([{ meter: 'requests', state: 'open' }]);
    await pipeline.drain();
    await compare();
    expect(await cells()).toEqual([]);
  });

  it('reconciliation looks again at the hour that a row has only left', async () => {
    const { clickhouse } = pipeline.platform;
    const [left] = await pipeline.usage();
    await resolve(pipeline, '2', 2, 'this');
    await pipeline.drain();
    // As if ClickHouse had only said that the row is gone.
    await clickhouse.insert({
      table: 'tallyline.usage_events',
      columns: ['customer', 'meter', 'time', 'quantity', 'epoch', 'log_partition', 'log_offset', 'log_index'],
      tsv: `${left?.customer}\t${left?.meter}\t${left?.time}\t${left?.quantity}\t${pipeline.epoch}\t0\t${left?.offset}\t0\n`,
      rows: 1,
      token: `left:${pipeline.epoch}`,
    });
    await compare();
    expect(await cells()).toEqual([{ meter: 'requests', state: 'differs' }]);
  });

  it('a rebuild gives what the decision has left, whether rollups has followed it or not', async () => {
    const under = new RebuildUnderTest(pipeline);
    await resolve(pipeline, '2', 2, 'this');
    await recordsAlone(pipeline);
    await under.rebuildNow();
    await pipeline.drain();
    await under.expectSame();
    await under.spoil();
    await under.rebuildNow();
    await under.expectSame();
    expect(await pipeline.usage()).toMatchObject([{ offset: '2' }, { offset: '3', quantity: '2' }]);
  });
});
