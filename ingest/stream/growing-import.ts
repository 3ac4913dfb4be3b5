/**
 * One session of a growing import: lines into the file store, then their events into the log.
 *
 *   file store has the lines ─► Postgres: received ─► log has the events ─► Postgres: published ─► acknowledged
 *
 * Only lines that Postgres calls received are published, so every event in the log comes from bytes that stay. Whoever comes after a
 * crash publishes the rest of them from the file store; what the log had already is known by its import and line, and counts nowhere.
 */
import type { AppendedRange } from '../../platform/event-log/event-log.ts';
import type { GrowingPart } from '../../platform/file-store/file-store.ts';
import { announceMoment } from '../../platform/moments.ts';
import type { Platform } from '../../platform/platform.ts';
import { GrowingLineIndex } from '../csv/line-index.ts';
import type { ProcessedChunk } from '../csv/process.ts';
import { readRows } from '../csv/read-rows.ts';
import { RejectedCsv, RejectSummary } from '../csv/rejects.ts';
import type { RejectedRow } from '../csv/faults.ts';
import { Outbox } from '../outbox.ts';
import { GrowingRows } from './growing-rows.ts';
import { asCell, REJECTED_DIALECT } from './rejected-lines.ts';
import { WholeLines } from './whole-lines.ts';
import { endGrowing, markPublished, markReceived, type GrowingState, type Published } from './stream-store.ts';
import { isNdjson } from '../../schemas/http/imports.ts';

/** Another session goes on with the import, or it was undone. */
export class SessionLostError extends Error {
  constructor(id: string) {
    super(`import ${id}: this session may no longer append to it`);
    this.name = 'SessionLostError';
  }
}

/** Whole lines, and what they say. */
export interface Lines {
  bytes: Uint8Array;
  /** How many there are. */
  count: number;
  chunks: readonly ProcessedChunk[];
  /** In which they were read. */
  presentMs: number;
}

export class GrowingImport {
  readonly state: GrowingState;
  readonly rows: GrowingRows;
  readonly #platform: Platform;
  readonly #outbox: Outbox;
  readonly #summary: RejectSummary;
  readonly #rejectedCsv: RejectedCsv;
  #index: GrowingLineIndex | undefined;
  readonly #parts = new Map<'original' | 'lines' | 'rejected', GrowingPart>();
  #received: { bytes: number; lines: number };
  #published: Published;

  constructor(platform: Platform, state: GrowingState) {
    this.#platform = platform;
    this.state = state;
    this.rows = new GrowingRows(state);
    this.#outbox = new Outbox(platform.log);
    this.#summary = new RejectSummary(state.published.errors);
    const dialect = isNdjson(state.dialect) ? REJECTED_DIALECT : state.dialect;
    this.#rejectedCsv = new RejectedCsv({ dialect, header: state.header });
    this.#received = state.received;
    this.#published = state.published;
  }

  /** Physical lines that are durable and whose events the log has acknowledged. */
  get durableLine(): number {
    return this.#published.lines;
  }

  get published(): Published {
    return this.#published;
  }

  get receivedBytes(): number {
    return this.#received.bytes;
  }

  /** Publishes what earlier sessions have received and not published. False: the signal fired before that was all. */
  async catchUp(signal?: AbortSignal): Promise<boolean> {
    const { files, clock } = this.#platform;
    const { id, dialect } = this.state;
    const received = this.#received;
    if (this.#published.bytes === received.bytes) return true;
    const { bytes: start, lines, rowsRead } = this.#published;
    const source = (await files.read(id, 'original', { start, end: received.bytes })) as AsyncIterable<Buffer>;
    const text = new WholeLines({ bytes: start, lines });
    const from = start === 0 ? {} : { from: { line: lines + 1, row: rowsRead + 1, byte: start } };
    // Not earlier than those who came before: what was not too far ahead for them must not be for us.
    const presentMs = Math.max(this.state.presentMs, clock.now().getTime());
    for await (const batch of readRows(text.tap(source), { dialect, width: this.rows.width, ...from })) {
      const chunks = this.rows.process(batch, presentMs);
      text.takeTo(batch.nextLine - 1);
      await this.#publish(chunks, { bytes: text.bytes, lines: text.lines });
      if (signal?.aborted === true) return false;
    }
    // Blank lines may follow the last row.
    await this.#publish([], received);
    return true;
  }

  /** Acknowledged when it returns. After a throw nobody knows how far it came: the next session will. */
  async commit({ bytes, count, chunks, presentMs }: Lines): Promise<void> {
    const { postgres } = this.#platform;
    await this.#store(bytes);
    const received = { bytes: this.#received.bytes + bytes.length, lines: this.#received.lines + count };
    if (!(await markReceived(postgres, this.state, { ...received, presentMs }))) throw new SessionLostError(this.state.id);
    this.#received = received;
    announceMoment('received');
    await this.#publish(chunks, received);
  }

  /** Nothing more comes in this session, and all of it is published. False: another session goes on, or it was undone. */
  async end(): Promise<boolean> {
    const { postgres, log } = this.#platform;
    return endGrowing(postgres, this.state, await log.endOffsets());
  }

  async close(): Promise<void> {
    const parts = [...this.#parts.values()];
    this.#parts.clear();
    for (const part of parts) await part.close();
  }

  async #store(bytes: Uint8Array): Promise<void> {
    this.#index ??= new GrowingLineIndex(this.state.dialect, this.#received);
    const { at } = this.#index;
    const entries = this.#index.push(bytes);
    const text = await this.#part('original', this.#received.bytes);
    const lines = entries.length > 0 ? await this.#part('lines', at) : undefined;
    await Promise.all([text.append(bytes), lines?.append(entries)]);
  }

  async #publish(chunks: readonly ProcessedChunk[], upTo: { bytes: number; lines: number }): Promise<void> {
    const last = chunks.at(-1);
    const ends = [...this.#published.ends];
    const noteEnds = async (ranges: readonly AppendedRange[]) => {
      for (const { partition, nextOffset } of ranges) ends[partition] = nextOffset;
    };
    for (const chunk of chunks) {
      this.#outbox.add(chunk);
      if (this.#outbox.full) await this.#outbox.send(noteEnds);
    }
    await this.#outbox.send(noteEnds);
    const rejectedBytes = await this.#reject(chunks.flatMap(({ rejects }) => rejects));
    await this.#outbox.settle();
    this.#published = {
      ...upTo,
      rowsRead: last?.rowsRead ?? this.#published.rowsRead,
      rowsRejected: last?.rowsRejected ?? this.#published.rowsRejected,
      events: last?.events ?? this.#published.events,
      rejectedBytes,
      errors: this.#summary.groups(),
      ends: Array.from(ends, (end) => end ?? null),
    };
    if (!(await markPublished(this.#platform.postgres, this.state, this.#published))) throw new SessionLostError(this.state.id);
  }

  /** Answers the length of rejected.csv with them. */
  async #reject(rejects: readonly RejectedRow[]): Promise<number> {
    const before = this.#published.rejectedBytes;
    if (rejects.length === 0) return before;
    this.#summary.add(rejects);
    const records = isNdjson(this.state.dialect) ? rejects.map(asCell) : rejects;
    const text = Buffer.concat([before === 0 ? this.#rejectedCsv.header() : Buffer.alloc(0), this.#rejectedCsv.records(records)]);
    await (await this.#part('rejected', before)).append(text);
    return before + text.length;
  }

  async #part(part: 'original' | 'lines' | 'rejected', at: number): Promise<GrowingPart> {
    const known = this.#parts.get(part);
    if (known !== undefined) return known;
    const opened = await this.#platform.files.grow(this.state.id, part, { writer: this.state.session, at });
    this.#parts.set(part, opened);
    return opened;
  }
}
