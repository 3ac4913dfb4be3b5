/**
 * Collects the events of many small calls as lines of one import, so that a thousand calls a second are not a thousand imports.
 *
 * Calls that come while a commit is under way share the next one. An import lasts for an hour, until nothing has come for a while, or until
 * it is large; then it settles, and the next event begins another. When it is undone meanwhile, what was on its way goes into the next:
 * nobody who is told `accepted` has sent something to an import that was taken back before.
 */
import type { Platform } from '../../platform/platform.ts';
import { readRows } from '../csv/read-rows.ts';
import type { ProcessedChunk } from '../csv/process.ts';
import type { Leases } from '../leases.ts';
import { Batcher } from '../stream/batcher.ts';
import { GrowingImport, SessionLostError } from '../stream/growing-import.ts';
import { EVENT_MAPPING, NDJSON_DIALECT, NDJSON_HEADER } from '../stream/json-rows.ts';
import { createGrowing, releaseGrowing } from '../stream/stream-store.ts';

/** Some 5,000 events: what the log likes in one piece. */
const BATCH_BYTES_MAX = 1_048_576;
/** A call waits this long for others, when none is under way: a tenth of what its commit takes. */
const BATCH_WAIT_MS = 2;
/** What an undo takes back, at the most, is an hour of one caller at one process. */
const IMPORT_MS_MAX = 3_600_000;
const IMPORT_BYTES_MAX = 1_000_000_000;
/** Then it settles. Senders that are slower than this make an import per call, which is six an hour. */
const IDLE_MS = 600_000;
/** Imports that are undone one after another while one batch tries to get in. */
const TRIES_MAX = 3;

interface Call {
  /** Sound events, one line each. */
  texts: readonly string[];
  done: PromiseWithResolvers<string>;
}

interface Current {
  growing: GrowingImport;
  /** Ends the renewals of its lease. */
  release(): void;
  lost: AbortSignal;
  openedAtMs: number;
}

export interface CollectorOptions {
  platform: Platform;
  leases: Leases;
  createdBy: string;
}

export class EventCollector {
  readonly #options: CollectorOptions;
  readonly #batcher: Batcher<Call>;
  #current: Current | undefined;
  /** Commits and ends of imports, one after another. */
  #turn: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#batcher = new Batcher<Call>({
      sizeOf: ({ texts }) => texts.reduce((sum, text) => sum + text.length, 0),
      sizeMax: BATCH_BYTES_MAX,
      waitMs: BATCH_WAIT_MS,
      commit: (calls) => this.#inTurn(() => this.#commit(calls)),
    });
  }

  /** Resolves with the import's id when all of them are durable and in the log. Throws what kept them from it; some may be in all the same. */
  async add(texts: readonly string[]): Promise<string> {
    const done = Promise.withResolvers<string>();
    await this.#batcher.add({ texts, done });
    return done.promise;
  }

  /** Commits what is there; the import settles. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#batcher.end();
    await this.#inTurn(() => this.#end());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Never throws: each call hears by itself what became of it. */
  async #commit(calls: readonly Call[]): Promise<void> {
    clearTimeout(this.#idle);
    try {
      const id = await this.#write(calls.flatMap(({ texts }) => texts));
      for (const { done } of calls) done.resolve(id);
    } catch (error) {
      for (const { done } of calls) done.reject(error);
    }
    this.#idle = setTimeout(() => void this.#inTurn(() => this.#end()), IDLE_MS).unref();
  }

  async #write(texts: readonly string[]): Promise<string> {
    const bytes = Buffer.from(`${texts.join('\n')}\n`);
    for (let tries = 1; ; tries += 1) {
      const { growing } = await this.#open();
      try {
        const chunks = await this.#read(growing, bytes);
        await growing.commit({ bytes, count: texts.length, chunks, presentMs: growing.rows.presentMs });
        return growing.state.id;
      } catch (error) {
        // Nobody knows how far it came. Whoever takes it over finishes it; events that are sent again are known by their ids.
        await this.#giveUp();
        if (!(error instanceof SessionLostError) || tries === TRIES_MAX) throw error;
      }
    }
  }

  async #read(growing: GrowingImport, bytes: Buffer): Promise<ProcessedChunk[]> {
    const { lines, rowsRead } = growing.published;
    const from = growing.receivedBytes === 0 ? {} : { from: { line: lines + 1, row: rowsRead + 1, byte: growing.receivedBytes } };
    const nowMs = this.#options.platform.clock.now().getTime();
    const chunks: ProcessedChunk[] = [];
    const source = [bytes] as unknown as AsyncIterable<Uint8Array>;
    for await (const batch of readRows(source, { dialect: NDJSON_DIALECT, width: NDJSON_HEADER.length, ...from })) {
      chunks.push(...growing.rows.process(batch, nowMs));
    }
    return chunks;
  }

  async #open(): Promise<Current> {
    const { platform, leases, createdBy } = this.#options;
    const { postgres, clock } = platform;
    const current = this.#current;
    if (current !== undefined) {
      const isOld = clock.monotonicMs() - current.openedAtMs > IMPORT_MS_MAX || current.growing.receivedBytes > IMPORT_BYTES_MAX;
      if (!isOld && !current.lost.aborted) return current;
      await this.#end();
    }
    const now = clock.now();
    const state = await createGrowing(
      postgres,
      {
        form: 'events',
        name: `events-${now.toISOString().slice(0, 16).replace(':', '')}Z.ndjson`,
        createdBy,
        idempotencyKey: undefined,
        dialect: NDJSON_DIALECT,
        header: NDJSON_HEADER,
        mapping: EVENT_MAPPING,
        identity: 'id-column',
        presentMs: now.getTime(),
      },
      leases,
    );
    if (state === undefined) throw new Error('an import without a key was refused for its key');
    const lease = leases.hold(state.id);
    const opened: Current = {
      growing: new GrowingImport(platform, state),
      release: () => lease.release(),
      lost: lease.lost,
      openedAtMs: clock.monotonicMs(),
    };
    this.#current = opened;
    return opened;
  }

  /** The import settles, should there be one. */
  async #end(): Promise<void> {
    try {
      await this.#current?.growing.end();
    } catch (error) {
      this.#options.platform.logger.warn(
        { err: error },
        'an import of events could not be ended; it is taken over once its lease has run out',
      );
    }
    await this.#giveUp();
  }

  async #giveUp(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    if (current === undefined) return;
    const { platform } = this.#options;
    current.release();
    try {
      await current.growing.close();
      await releaseGrowing(platform.postgres, current.growing.state);
    } catch (error) {
      platform.logger.warn({ err: error, import: current.growing.state.id }, 'an import of events could not be given back');
    }
  }
}
