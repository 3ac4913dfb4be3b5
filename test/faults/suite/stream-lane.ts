/** Somebody who streams and sends events while files come and go: resumes what broke off, calls again what was not answered. */
import { setTimeout as pause } from 'node:timers/promises';
import type { EventsAnswer, StreamAnswer } from '../../../schemas/http/streams.ts';
import { sendStream } from '../../support/stream-sender.ts';
import type { Client } from './client.ts';
import type { EventsOperation, StreamOperation } from './stream-schedule.ts';
import type { StreamFile } from './stream-workload.ts';
import type { System } from './system.ts';
import type { ReportedEvent } from './workload.ts';

export interface SentStream {
  id: string;
  file: StreamFile;
  undone: boolean;
  /** What its sender was told to be durable when it was left alone; undefined: it was brought to its end. */
  leftAt: number | undefined;
}

export interface StreamOptions {
  client: Client;
  system: System;
  signal: AbortSignal;
}

export async function workStreams(operations: readonly StreamOperation[], options: StreamOptions): Promise<SentStream[]> {
  return Promise.all(
    operations.map(async (operation) => {
      await pause(operation.afterMs);
      return operation.fate === 'kept' || operation.fate === 'undone' ? sendWhole(operation, options) : breakOff(operation, options);
    }),
  );
}

async function sendWhole(operation: StreamOperation, { client, system, signal }: StreamOptions): Promise<SentStream> {
  const { importId: id } = await sendStream({ ...senderOf(operation, system), signal });
  const undone = operation.fate === 'undone';
  if (undone) await client.undo(id);
  return { id, file: operation.file, undone, leftAt: undefined };
}

/** As soon as half of it is durable, it is left alone; or taken back, while its sender goes on until that is answered. */
async function breakOff(operation: StreamOperation, { client, system, signal }: StreamOptions): Promise<SentStream> {
  const { file, fate } = operation;
  const half = Math.ceil(file.lines.length / 2);
  const enough = Promise.withResolvers<StreamAnswer>();
  const stop = new AbortController();
  let durable = 0;
  const onAnswer = (answer: StreamAnswer) => {
    durable = Math.max(durable, answer.durableLine);
    if (durable >= half) enough.resolve(answer);
  };
  const sending = sendStream({ ...senderOf(operation, system), onAnswer, signal: AbortSignal.any([stop.signal, signal]) });
  // It may get through before it is stopped; while it is being taken back, the answer to whoever resumes is a refusal.
  sending.catch(enough.reject);
  const { importId: id } = await enough.promise;
  const undone = fate === 'undone meanwhile';
  if (undone) await client.undo(id);
  stop.abort();
  await sending.catch(() => undefined);
  return { id, file, undone, leftAt: undone ? undefined : durable };
}

function senderOf({ key, file, pieceLines, pauseMs, overlapLines, cuts }: StreamOperation, system: System) {
  const { type, query, lines } = file;
  return { connect: () => system.ingest(), idempotencyKey: key, type, query, lines, pieceLines, pauseMs, overlapLines, cuts };
}

/** Each call until it is answered. Answers what was reported by then. */
export async function workEvents(operations: readonly EventsOperation[], client: Client): Promise<ReportedEvent[]> {
  const acknowledged: ReportedEvent[] = [];
  for (const { afterMs, body, headers, events } of operations) {
    await pause(afterMs);
    const { accepted } = await client.json<EventsAnswer>('/v1/events', { method: 'POST', body, headers });
    if (accepted !== events.length) throw new Error(`of ${events.length} events ${accepted} were accepted: ${body}`);
    acknowledged.push(...events);
  }
  return acknowledged;
}
