/** A batch of the log in pieces: control messages are handled one by one, between the events before and the events after them. */
import type { LogBatch } from '../../platform/event-log/event-log.ts';
import { decodeControlMessage, type ControlMessage } from '../../schemas/control-message.ts';

export interface ControlSegment {
  control: ControlMessage;
  partition: number;
  /** The message's own offset. */
  offset: number;
  firstOffset: number;
  nextOffset: number;
}

export type LogSegment = { control?: undefined; batch: LogBatch } | ControlSegment;

/** A control message has its offset to itself; one that shares it with events is none, and ends as a dead letter. */
export function cutAtControls(batch: LogBatch): LogSegment[] {
  const segments: LogSegment[] = [];
  let from = 0;
  let firstOffset = batch.firstOffset;
  const addEvents = (to: number, nextOffset: number) => {
    if (to === from) return;
    const whole = from === 0 && to === batch.payloads.length;
    segments.push({ batch: whole ? batch : slice(batch, from, to, firstOffset, nextOffset) });
    firstOffset = nextOffset;
  };
  for (let k = 0; k < batch.payloads.length; k++) {
    const control = decodeControlMessage(batch.payloads[k] as string);
    const offset = batch.offsets[k] as number;
    if (!control || batch.offsets[k - 1] === offset || batch.offsets[k + 1] === offset) continue;
    addEvents(k, offset);
    segments.push({ control, partition: batch.partition, offset, firstOffset, nextOffset: offset + 1 });
    firstOffset = offset + 1;
    from = k + 1;
  }
  addEvents(batch.payloads.length, batch.nextOffset);
  return segments;
}

function slice(
  { partition, payloads, offsets, indexes }: LogBatch,
  from: number,
  to: number,
  firstOffset: number,
  nextOffset: number,
): LogBatch {
  return {
    partition,
    firstOffset,
    nextOffset,
    payloads: payloads.slice(from, to),
    offsets: offsets.slice(from, to),
    indexes: indexes.slice(from, to),
  };
}
