/**
 * Driver of the event log port on Apache Kafka: for any number of processes.
 *
 * An event is a message, and its offset the message's (`eventsPerMessage` packs several into one, told apart by their index).
 * Kafka keeps the events and says who reads which partition; where to read on is Postgres' to know, never Kafka's.
 */
import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { AppendedRange, Assignment, DeadLetterTopic, EventLog, PartitionReader, PartitionWorker } from './event-log.ts';
import { KafkaAppender } from './kafka-appender.ts';
import type { KafkaCompression } from './kafka-appender.ts';
import { createKafka, openCluster, throwTyped } from './kafka-client.ts';
import type { KafkaConnection } from './kafka-client.ts';
import { KafkaDeadLetters } from './kafka-dead-letters.ts';
import { KafkaFetcher } from './kafka-fetcher.ts';
import { KafkaLeaders } from './kafka-leaders.ts';
import { KafkaMembership } from './kafka-membership.ts';
import { kafkaPartitionFor } from './kafka-partition-for.ts';
import { KafkaReader } from './kafka-reader.ts';
import { KafkaTopicGuard, readTopicId } from './kafka-topic-id.ts';
import { ensureDeadLetterTopic, ensureTopic } from './kafka-topic.ts';
import type { KafkaTopic, KafkaTopicOptions } from './kafka-topic.ts';
import { KafkaWaits } from './kafka-waits.ts';

export interface KafkaLogOptions extends KafkaConnection, KafkaTopicOptions {
  /** Processes of one group share the partitions. */
  groupId: string;
  /** Topic that dead letters are published to; made when absent. Undefined: they are not. */
  deadLetterTopic?: string;
  clock: Clock;
  logger: Logger;
  /** `zstd` unless said otherwise. */
  compression?: KafkaCompression;
  /** 1 unless said otherwise: more save the processor time that each message costs, and other readers see several events in one. */
  eventsPerMessage?: number;
  /** How long a silent process keeps its partitions. */
  sessionTimeoutMs?: number;
}

/** Another process takes over within 15 s; a garbage collection or a busy disk takes far less than this. */
const SESSION_TIMEOUT_MS = 8_000;

/** Creates the topic when there is none. Throws `KafkaTopicRefused` when the one there is would lose events. */
export async function openKafkaLog(options: KafkaLogOptions): Promise<EventLog> {
  const kafka = createKafka(options, options.logger);
  const topic = await ensureTopic(kafka, options, options.logger);
  const { deadLetterTopic } = options;
  const deadLetters =
    deadLetterTopic === undefined
      ? undefined
      : new KafkaDeadLetters(
          kafka,
          deadLetterTopic,
          await ensureDeadLetterTopic(kafka, { ...options, topic: deadLetterTopic }, options.logger),
        );
  const reading = new KafkaLeaders(openCluster(kafka), options.topic);
  await reading.connect();
  const guard = new KafkaTopicGuard(options.topic, await readTopicId(await reading.broker(await reading.leaderOf(0)), options.topic));
  return new KafkaLog(options, kafka, { ...topic, reading, guard, deadLetters });
}

interface Opened extends KafkaTopic {
  /** Connected. */
  reading: KafkaLeaders;
  guard: KafkaTopicGuard;
  deadLetters: KafkaDeadLetters | undefined;
}

class KafkaLog implements EventLog {
  readonly partitions: number;
  readonly deadLetters?: DeadLetterTopic;
  readonly broken: Promise<never>;
  readonly #options: KafkaLogOptions;
  readonly #kafka: Kafka;
  readonly #incarnation: string;
  readonly #appender: KafkaAppender;
  readonly #fetcher: KafkaFetcher;
  readonly #waits: KafkaWaits;
  /** To append, to read and to wait: a broker answers the requests of a connection one after the other. */
  readonly #leaders: readonly KafkaLeaders[];
  readonly #assignments = new Set<Assignment>();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  readonly #closeDeadLetters: () => Promise<void>;

  constructor(options: KafkaLogOptions, kafka: Kafka, { partitions, incarnation, reading, guard, deadLetters }: Opened) {
    const { topic, compression = 'zstd', eventsPerMessage = 1 } = options;
    this.partitions = partitions;
    this.#options = options;
    this.#kafka = kafka;
    this.#incarnation = incarnation;
    // The other connections are made by the first who needs them.
    const connections = () => new KafkaLeaders(openCluster(kafka), topic);
    const [appending, waiting] = [connections(), connections()];
    this.#leaders = [appending, reading, waiting];
    const closed = this.#closing.signal;
    this.#appender = new KafkaAppender({
      leaders: appending,
      guard,
      partitions,
      compression,
      eventsPerMessage,
      closed,
      logger: options.logger,
    });
    this.#fetcher = new KafkaFetcher(reading, guard);
    this.#waits = new KafkaWaits(new KafkaFetcher(waiting, guard));
    if (deadLetters !== undefined) this.deadLetters = deadLetters;
    this.#closeDeadLetters = () => deadLetters?.close() ?? Promise.resolve();
    this.broken = guard.replaced;
  }

  /**
   * Cluster and topic. Another topic of the same name is not another incarnation, which would be gone on with: while this log is open
   * it is refused by its id, and at the next start by `checkTail`.
   */
  incarnation(): Promise<string> {
    return Promise.resolve(this.#incarnation);
  }

  partitionFor(customer: string): number {
    return kafkaPartitionFor(customer, this.partitions);
  }

  endOffsets(): Promise<number[]> {
    return this.#fetcher.offsets('end').catch(throwTyped);
  }

  async append(partition: number, texts: readonly (string | Buffer)[]): Promise<AppendedRange> {
    this.#refuseWhenClosed();
    if (texts.length > 0) return await this.#appender.append(partition, texts).catch(throwTyped);
    const nextOffset = (await this.endOffsets())[partition];
    if (nextOffset === undefined) throw new Error(`the log has no partition ${partition}`);
    return { partition, firstOffset: nextOffset, nextOffset };
  }

  /** Does nothing: events go when the topic's retention is over. Until then they are there for a second look. */
  trim(): Promise<void> {
    return Promise.resolve();
  }

  reader(partition: number): PartitionReader {
    return new KafkaReader(partition, {
      fetcher: this.#fetcher,
      waits: this.#waits,
      clock: this.#options.clock,
      closed: this.#closing.signal,
    });
  }

  async assign(worker: PartitionWorker): Promise<Assignment> {
    this.#refuseWhenClosed();
    const { topic, groupId, clock, logger, sessionTimeoutMs = SESSION_TIMEOUT_MS } = this.#options;
    const cluster = openCluster(this.#kafka);
    await cluster.connect();
    const work = (partition: number, signal: AbortSignal) => worker(this.reader(partition), signal);
    const membership = new KafkaMembership({ cluster, topic, groupId, partitions: this.partitions, sessionTimeoutMs, work, clock, logger });
    // Whoever asks for it later gets the error; until then it must not count as unhandled.
    membership.done.catch(() => undefined);
    const assignment: Assignment = {
      done: membership.done,
      stop: async () => {
        await membership.stop();
        this.#assignments.delete(assignment);
      },
    };
    this.#assignments.add(assignment);
    return assignment;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#assignments].map((assignment) => assignment.stop()));
    await this.#appender.settled();
    await this.#closeDeadLetters();
    await Promise.all(this.#leaders.map((leaders) => leaders.disconnect()));
  }

  #refuseWhenClosed(): void {
    if (this.#closing.signal.aborted) throw new Error('the event log was closed');
  }
}
