/** Dead letters in the counts of the import they name: once each, no more when they are read after all, so that the import settles. */
import { describe, expect, it } from 'vitest';
import { encodeUsageEvent, type UsageEvent } from '../../schemas/usage-event.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { eventually } from '../support/eventually.ts';
import { ofVersion2, usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;

usePipeline({ partitions: 2 }, (opened) => {
  pipeline = opened;
});

/** With everything that the log holds so far as its events. */
async function addImport(id: number, change: { status?: string; published?: number; read?: number; measures?: number } = {}) {
  const { status = 'publishing', published = 0, read = published, measures = 1 } = change;
  const ends = await pipeline.platform.log.endOffsets();
  for (const [partition, end] of ends.entries())
    await pipeline.query('INSERT INTO import_partitions (import_id, partition, end_offset) VALUES ($1, $2, $3)', [id, partition, end]);
  await pipeline.query(
    `INSERT INTO imports (id, name, status, created_by, events_published, rows_read, mapping) VALUES ($1, 'file', $2, 'test', $3, $4, $5)`,
    [id, status, published, read, JSON.stringify({ measures: Array.from({ length: measures }, () => ({})) })],
  );
}
const sums = async (id: string) => {
  const [row] = await pipeline.query(
    `SELECT sum(accepted)::int AS accepted, sum(duplicate)::int AS duplicate, sum(dead)::int AS dead FROM import_partitions WHERE import_id = $1`,
    [id],
  );
  return row;
};
const stored = async () => (await pipeline.query('SELECT FROM dead_letters')).length;
const rowsOf = async (id: string) =>
  (await pipeline.query('SELECT status, rows_new, rows_known, rows_conflict FROM imports WHERE id = $1', [id]))[0];

describe('a dead letter that names its import', () => {
  it('counts there, beside what was accepted, and the import settles with it', async () => {
    const tooLarge = encodeUsageEvent(usageEvent({ id: 'c', line: 4, properties: JSON.stringify({ note: 'x'.repeat(1_048_576) }) }));
    await pipeline.append([
      usageEvent(),
      ofVersion2(usageEvent({ id: 'b', line: 3 })),
      tooLarge,
      ofVersion2(usageEvent({ importId: '2' })),
    ]);
    await addImport(1, { status: 'settling', published: 3 });
    await addImport(2, { status: 'settling', published: 1 });
    await pipeline.running(async () => {
      await eventually(
        'both are complete',
        async () => (await pipeline.query(`SELECT FROM imports WHERE status = 'complete'`)).length === 2,
      );
    });
    expect(await sums('1')).toEqual({ accepted: 1, duplicate: 0, dead: 2 });
    expect(await sums('2')).toEqual({ accepted: 0, duplicate: 0, dead: 1 });
    expect(await pipeline.query('SELECT import_id, line, meter FROM dead_letters ORDER BY "offset"')).toEqual([
      { import_id: '1', line: '3', meter: 'requests' },
      { import_id: '1', line: '4', meter: 'requests' },
      { import_id: '2', line: '2', meter: 'requests' },
    ]);
  });

  it('counts once, however often it is delivered, in one batch or in several', async () => {
    await addImport(1);
    const letter = ofVersion2(usageEvent());
    await pipeline.append([letter, letter]);
    await pipeline.append([letter], 1);
    await pipeline.drain();
    await pipeline.append([letter]);
    await pipeline.drain();
    expect(await stored()).toBe(4);
    expect((await sums('1'))?.['dead']).toBe(1);
  });

  it.each<[string, Partial<UsageEvent>]>([
    ['accepted', {}],
    ['a duplicate', { importId: '1', line: 9 }],
    ['a conflict', { importId: '1', line: 9, quantity: '7' }],
  ])('does not count when its line has been counted as %s before', async (_, change) => {
    await addImport(1);
    const event = usageEvent(change);
    await pipeline.append([usageEvent({ importId: '9' }), event]);
    await pipeline.drain();
    await pipeline.append([ofVersion2(event)]);
    await pipeline.append([event, ofVersion2(event)]);
    await pipeline.drain();
    expect(await stored()).toBe(2);
    expect((await sums('1'))?.['dead']).toBe(0);
  });

  it('counts by its place where it names neither line nor meter', async () => {
    await addImport(1);
    await pipeline.append(['{"v":9,"i":"1"}', '{"v":9,"i":"1"}']);
    await pipeline.drain();
    expect((await sums('1'))?.['dead']).toBe(2);
  });

  it.each(['received', 'complete', 'failed', 'undoing', 'undone'])(
    'counts nowhere when that import is %s, or does not exist',
    async (status) => {
      await addImport(1, { status, published: 1 });
      await pipeline.append([ofVersion2(usageEvent()), ofVersion2(usageEvent({ importId: '77' }))]);
      await pipeline.append([ofVersion2(usageEvent())]);
      await pipeline.drain();
      expect(await stored()).toBe(3);
      expect(await pipeline.query('SELECT FROM import_partitions WHERE dead <> 0')).toEqual([]);
    },
  );

  it.each([
    ['accepted', usageEvent({ id: 'b', line: 3 }), { accepted: 2, duplicate: 0, dead: 0 }, { rows_new: '2', rows_known: '0' }],
    ['a duplicate', usageEvent({ line: 3 }), { accepted: 1, duplicate: 1, dead: 0 }, { rows_new: '1', rows_known: '1' }],
  ])('moves its count once when it is read after all, as %s, in whichever partition', async (_, event, counts, rows) => {
    await pipeline.append([usageEvent(), ofVersion2(event), ofVersion2(event)]);
    await addImport(1, { status: 'settling', published: 2 });
    await pipeline.running(async () => {
      await eventually('it is complete', async () => (await rowsOf('1'))?.['status'] === 'complete');
      expect(await rowsOf('1')).toMatchObject({ rows_new: '1', rows_known: '0', rows_conflict: '0' });
      await pipeline.append([event], 1);
      await pipeline.append([event], 0);
      await pipeline.append([event], 1);
      await pipeline.drained();
      await eventually('rows are counted anew', async () => (await rowsOf('1'))?.['rows_new'] === rows.rows_new);
    });
    expect(await sums('1')).toEqual(counts);
    expect(await rowsOf('1')).toMatchObject({ status: 'complete', ...rows, rows_conflict: '0' });
    // It was dead before it was read, but an import that is complete has no more to come.
    await pipeline.append([ofVersion2(event)]);
    await pipeline.drain();
    expect(await sums('1')).toEqual(counts);
  });

  it('is in no row count of an import with several measures', async () => {
    await pipeline.append([
      usageEvent(),
      ofVersion2(usageEvent({ id: 'b', meter: 'tokens' })),
      ...['requests', 'tokens'].map((meter) => ofVersion2(usageEvent({ id: meter, meter, line: 3 }))),
    ]);
    await addImport(1, { status: 'settling', published: 4, read: 2, measures: 2 });
    await pipeline.running(() => eventually('it is complete', async () => (await rowsOf('1'))?.['status'] === 'complete'));
    expect(await sums('1')).toEqual({ accepted: 1, duplicate: 0, dead: 3 });
    expect(await rowsOf('1')).toMatchObject({ rows_new: '1', rows_known: '0', rows_conflict: '0' });
  });
});
