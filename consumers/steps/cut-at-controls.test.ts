import { describe, expect, it } from 'vitest';
import type { LogBatch } from '../../platform/event-log/event-log.ts';
import { encodeControlMessage } from '../../schemas/control-message.ts';
import { cutAtControls } from './cut-at-controls.ts';

const control = { kind: 'undo', importId: '17' } as const;
const UNDO = encodeControlMessage(control);

/** `[offset, index, payload]` each, as a log gives them that packs several events into a message. */
function batchOf(events: readonly (readonly [number, number, string])[], bounds: { firstOffset: number; nextOffset: number }): LogBatch {
  const [offsets, indexes, payloads] = [events.map(([at]) => at), events.map(([, at]) => at), events.map(([, , payload]) => payload)];
  return { partition: 3, ...bounds, offsets, indexes, payloads };
}

describe('a batch', () => {
  it('without a control message is left whole', () => {
    const batch = batchOf([[4, 0, 'a']], { firstOffset: 4, nextOffset: 9 });
    expect(cutAtControls(batch)).toEqual([{ batch }]);
    expect(cutAtControls(batch)[0]).toHaveProperty('batch', batch);
  });

  it('is cut into consecutive pieces that cover it, gaps of the log included', () => {
    const events = [
      [5, 0, 'a'],
      [5, 1, 'b'],
      [8, 0, UNDO],
      [9, 0, UNDO],
      [12, 0, 'c'],
      [13, 0, UNDO],
    ] as const;
    expect(cutAtControls(batchOf(events, { firstOffset: 4, nextOffset: 20 }))).toEqual([
      { batch: batchOf(events.slice(0, 2), { firstOffset: 4, nextOffset: 8 }) },
      { control, partition: 3, offset: 8, firstOffset: 8, nextOffset: 9 },
      { control, partition: 3, offset: 9, firstOffset: 9, nextOffset: 10 },
      { batch: batchOf(events.slice(4, 5), { firstOffset: 10, nextOffset: 13 }) },
      { control, partition: 3, offset: 13, firstOffset: 13, nextOffset: 14 },
    ]);
  });

  it('may begin with a control message behind a gap', () => {
    expect(cutAtControls(batchOf([[7, 0, UNDO]], { firstOffset: 4, nextOffset: 8 }))).toEqual([
      { control, partition: 3, offset: 7, firstOffset: 4, nextOffset: 8 },
    ]);
  });

  it.each([
    ['before', [[5, 0, UNDO] as const, [5, 1, 'a'] as const]],
    ['after', [[5, 0, 'a'] as const, [5, 1, UNDO] as const]],
  ])('has no control message that shares its offset with an event, %s it', (_, events) => {
    const batch = batchOf(events, { firstOffset: 5, nextOffset: 6 });
    expect(cutAtControls(batch)).toEqual([{ batch }]);
  });
});
