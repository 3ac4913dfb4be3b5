/** What an undo promises: exactly what the imports that stand justify is left, in both stores, and their counts still add up. */
import { describe, expect, it } from 'vitest';
import type { UsageEvent } from '../../schemas/usage-event.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { expectStoresAgree, knownFromRows, liveRows, makeImports, rowsLeft, settledCounts, undo, voidedRows } from '../support/undo.ts';
import { usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;

usePipeline({ partitions: 1 }, async (opened) => {
  pipeline = opened;
  await makeImports(pipeline, ['1', '2', '3', '4']);
});

const of = (importId: string, line: number, change: Partial<UsageEvent> = {}) => usageEvent({ importId, line, ...change });
const live = () => liveRows(pipeline);
const voided = () => voidedRows(pipeline);
const leftOf = (table: string) => rowsLeft(pipeline, table);
const knownFrom = () => knownFromRows(pipeline);
const counts = (id: string) => settledCounts(pipeline, id);
const expectAgreement = () => expectStoresAgree(pipeline);

describe('an event of the undone import', () => {
  it('that another import reported too becomes that one’s, by the first report, in place, and ClickHouse is not touched', async () => {
    await pipeline.append([of('1', 2), of('3', 9), of('2', 7), of('3', 11), of('2', 8)]);
    await pipeline.drain();
    const before = await pipeline.usage();
    await undo(pipeline, '1');
    const { clickhouse } = pipeline.platform;
    await pipeline.drain({
      clickhouse: {
        ...clickhouse,
        command: () => Promise.reject(new Error('touched')),
        insert: () => Promise.reject(new Error('touched')),
      },
    });
    expect(await live()).toEqual([{ id: 'event-1', import: 3, line: 9, quantity: '1.5', offset: 0, idx: 0 }]);
    expect(await pipeline.usage()).toEqual(before);
    expect(await leftOf('witnesses')).toMatchObject([
      { import: 2, line: 7 },
      { import: 2, line: 8 },
      { import: 3, line: 11 },
    ]);
    expect(await voided()).toEqual([{ id: 'event-1', import: 1, line: 2, undone: 1, offset: 1, quantity: '1.5' }]);
    expect(await Promise.all(['1', '2', '3'].map(counts))).toEqual([
      [1, 0, 0],
      [0, 2, 0],
      [1, 1, 0],
    ]);
    expect(await knownFrom()).toEqual([
      { import: 2, from: 3, events: 2 },
      { import: 3, from: 3, events: 1 },
    ]);
    await expectAgreement();
  });

  it('that nobody else reported leaves both stores, in every month, and is kept as voided; the others stay', async () => {
    await pipeline.append([
      of('1', 2, { id: 'a', time: '2026-09-30T00:00:00.000000Z' }),
      of('2', 2, { id: 'b' }),
      of('1', 3, { id: 'c' }),
      of('1', 4, { id: 'd', time: '2026-11-30T00:00:00.000000Z' }),
    ]);
    await pipeline.drain();
    await undo(pipeline, '1');
    await pipeline.drain();
    expect(await live()).toMatchObject([{ id: 'b', import: 2 }]);
    expect(await voided()).toMatchObject([
      { id: 'a', import: 1, undone: 1, offset: 0 },
      { id: 'c', line: 3 },
      { id: 'd', line: 4 },
    ]);
    expect(
      await pipeline.query(
        'SELECT first_offset::int AS first, month, rows, voided, state FROM rollup_ranges WHERE first_offset = 4 ORDER BY month',
      ),
    ).toEqual([202609, 202610, 202611].map((month) => ({ first: 4, month, rows: 0, voided: 1, state: 'DONE' })));
    await expectAgreement();
  });

  it('does not go to an import that is undone itself', async () => {
    await pipeline.append([of('1', 2), of('2', 7)]);
    await pipeline.append([of('1', 3, { id: 'other' }), of('2', 8, { id: 'other' }), of('3', 1, { id: 'other' })]);
    await pipeline.drain();
    await undo(pipeline, '1', '2');
    await pipeline.drain();
    expect(await live()).toMatchObject([{ id: 'other', import: 3, line: 1 }]);
    expect(await leftOf('witnesses')).toEqual([]);
    // Not even for the moment between the two: the counts of an undone import are those of its own events.
    expect([await counts('2'), await counts('3')]).toEqual([
      [0, 2, 0],
      [1, 0, 0],
    ]);
    await expectAgreement();
  });

  it('that was in conflict is gone from the conflicts, and its duplicates are no more known', async () => {
    await pipeline.append([of('2', 2), of('1', 3, { quantity: '7' }), of('1', 4), of('3', 5, { quantity: '2' })]);
    await pipeline.drain();
    await undo(pipeline, '1');
    await pipeline.drain();
    expect(await live()).toMatchObject([{ import: 2, quantity: '1.5' }]);
    expect([await leftOf('conflicts'), await leftOf('witnesses')]).toMatchObject([[{ import: 3 }], []]);
    expect(await voided()).toMatchObject([{ import: 1, quantity: '7' }]);
    await expectAgreement();
  });

  it('can be sent again by another import, and is billed once', async () => {
    await pipeline.append([of('1', 2, { quantity: '100' })]);
    await pipeline.drain();
    await undo(pipeline, '1');
    await pipeline.append([of('2', 2)]);
    await pipeline.drain();
    expect(await live()).toMatchObject([{ import: 2, quantity: '1.5', offset: 2 }]);
    await expectAgreement();
  });
});

describe('conflicting versions that survive', () => {
  it('and agree: the first of them is billed, at the place of the control message, and the others are its duplicates', async () => {
    await pipeline.append([of('1', 2, { quantity: '100' }), of('2', 2), of('3', 5), of('2', 9)]);
    await pipeline.append([of('1', 3, { id: 'z', quantity: '100' }), of('3', 6, { id: 'z', time: '2026-11-01T00:00:00.000000Z' })]);
    await pipeline.drain();
    expect(await counts('3')).toEqual([0, 0, 2]);
    await undo(pipeline, '1');
    await pipeline.drain();
    expect(await live()).toEqual([
      { id: 'event-1', import: 2, line: 2, quantity: '1.5', offset: 6, idx: 0 },
      { id: 'z', import: 3, line: 6, quantity: '1.5', offset: 6, idx: 1 },
    ]);
    expect([await counts('2'), await counts('3')]).toEqual([
      [1, 1, 0],
      [1, 1, 0],
    ]);
    expect(await leftOf('conflicts')).toEqual([]);
    expect(await leftOf('witnesses')).toMatchObject([
      { import: 2, line: 9 },
      { import: 3, line: 5 },
    ]);
    expect(await knownFrom()).toEqual([
      { import: 2, from: 2, events: 1 },
      { import: 3, from: 2, events: 1 },
    ]);
    await expectAgreement();
    // What was put in by one undo can be taken out by the next.
    await undo(pipeline, '2');
    await pipeline.drain();
    expect(await live()).toMatchObject([{ id: 'event-1', import: 3, line: 5 }, { id: 'z' }]);
    await undo(pipeline, '3');
    await pipeline.drain();
    expect(await live()).toEqual([]);
    await expectAgreement();
  });

  it('and disagree wait for a person, until the undo of one leaves the other alone', async () => {
    await pipeline.append([of('1', 2), of('2', 2, { quantity: '2' }), of('3', 2, { quantity: '3' })]);
    await pipeline.drain();
    await undo(pipeline, '1');
    await pipeline.drain();
    expect(await live()).toEqual([]);
    expect(await leftOf('conflicts')).toMatchObject([{ import: 2 }, { import: 3 }]);
    await expectAgreement();
    await undo(pipeline, '2');
    await pipeline.drain();
    expect(await live()).toMatchObject([{ import: 3, quantity: '3' }]);
    expect(await counts('3')).toEqual([1, 0, 0]);
    await expectAgreement();
  });

  it('do not come up while a duplicate is there to take over', async () => {
    await pipeline.append([of('1', 2), of('2', 2, { quantity: '2' }), of('3', 2)]);
    await pipeline.drain();
    await undo(pipeline, '1');
    await pipeline.drain();
    expect(await live()).toMatchObject([{ import: 3, quantity: '1.5', offset: 0 }]);
    expect(await leftOf('conflicts')).toMatchObject([{ import: 2 }]);
    await expectAgreement();
  });
});
