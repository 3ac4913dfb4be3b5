import { describe, expect, it } from 'vitest';
import type { LogBatch } from '../../platform/event-log/event-log.ts';
import { usageEvent } from '../../test/support/usage-event.ts';
import { encodeUsageEvent, type UsageEvent } from '../../schemas/usage-event.ts';
import { decodeBatch, positionKey, rollupRows, withoutDropped } from './decode.ts';

const EPOCH = 7;

function batchOf(events: readonly (Partial<UsageEvent> | string)[]): LogBatch {
  const payloads = events.map((event) => (typeof event === 'string' ? event : encodeUsageEvent(usageEvent(event))));
  // Two events to a message, as a log gives them that packs several into one.
  const offsets = payloads.map((_, at) => 10 + Math.floor(at / 2));
  return { partition: 3, firstOffset: 10, nextOffset: 10 + payloads.length, payloads, offsets, indexes: payloads.map((_, at) => at % 2) };
}

const rowsOf = (rows: Buffer) =>
  rows
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((row) => row.split('\t'));

describe('the rows of a batch', () => {
  it('come by customer and id; of equal keys the one delivered first, the others apart', () => {
    const decoded = decodeBatch(
      batchOf([
        { customer: 'b', id: '2', line: 1 },
        { customer: 'b', id: '1', line: 2 },
        { customer: 'a', id: '9', line: 3 },
        'no event',
        { customer: 'b', id: '2', line: 5, quantity: '0' },
        { customer: 'a', id: '9', line: 6, quantity: '0' },
        { customer: 'b', id: '2', line: 7, quantity: '1' },
        { customer: 'a', id: '91', line: 8 },
      ]),
      EPOCH,
    );
    const keys = (rows: Buffer) => rowsOf(rows).map((row) => [row[0], row[1], row[7]].join());
    expect(keys(decoded.newRows)).toEqual(['a,9,3', 'a,91,8', 'b,1,2', 'b,2,1']);
    expect(keys(decoded.repeatedRows)).toEqual(['a,9,6', 'b,2,5', 'b,2,7']);
    expect(decoded).toMatchObject({ events: 7, repeats: 3, customers: new Set(['a', 'b']) });
    expect(rowsOf(decoded.newRows)[0]?.slice(-4)).toEqual([String(EPOCH), '3', '11', '0']);
  });

  it('of many customers are all there', () => {
    const events = Array.from({ length: 2_345 }, (_, at) => ({ customer: `c${at % 17}`, id: String((at * 7919) % 2_345), line: at + 1 }));
    const { newRows, repeats } = decodeBatch(batchOf(events), EPOCH);
    const lines = rowsOf(newRows).map((row) => Number(row[7]));
    expect(repeats).toBe(0);
    expect(lines.toSorted((a, b) => a - b)).toEqual(events.map(({ line }) => line));
  });
});

describe('what is left of a batch for ClickHouse', () => {
  const odd = ['\t12\t0\n', '\\', 'a\nb', '12\t0', ':'];
  const batch = batchOf([
    ...odd.map((text) => ({ id: text, customer: text, meter: text })),
    'no event',
    { id: 'november', time: '2026-11-01T00:00:00.000000Z' },
    { id: 'last' },
  ]);
  const positions = batch.offsets.map((offset, at) => positionKey(offset, batch.indexes[at] as number));

  it.each([
    ['nothing is dropped', [5]],
    ['the first is', [0, 5]],
    ['one in the middle and the last are', [2, 5, 7]],
    ['a whole month is', [5, 6]],
    ['all are', [0, 1, 2, 3, 4, 5, 6, 7]],
  ])('is the same as from the log again, where %s', (_, dropped) => {
    const without = new Set(dropped.map((at) => positions[at] as string));
    expect(withoutDropped(decodeBatch(batch, EPOCH).rollup, without)).toEqual(rollupRows(batch, EPOCH, without));
  });
});
