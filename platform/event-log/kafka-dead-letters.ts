/**
 * Dead letters on a topic of their own, as JSON, keyed by their id.
 *
 * At least once is enough here, as each has its id; so kafkajs' own producer will do, with acks=all and without a sequence.
 */
import kafkajs from 'kafkajs';
import type { Kafka, Producer } from 'kafkajs';
import type { DeadLetterTopic, PublishedDeadLetter } from './event-log.ts';

const ACKS_ALL = -1;
/** How long a broker waits for its replicas. */
const REPLICATION_MS_MAX = 10_000;
/** Room for the headers of the batch and of its records. */
const HEADER_BYTES = 1_024;

/** What stands in a message. */
interface Value extends PublishedDeadLetter {
  /** Only where it was: bytes of the whole payload, of which this is the beginning. */
  payloadCutFromBytes?: number;
}

export class KafkaDeadLetters implements DeadLetterTopic {
  readonly #topic: string;
  readonly #bytesMax: number;
  readonly #producer: Producer;
  #connected: Promise<void> | undefined;

  /** `batchBytesMax`: the topic's `max.message.bytes`. */
  constructor(kafka: Kafka, topic: string, batchBytesMax: number) {
    this.#topic = topic;
    this.#bytesMax = batchBytesMax - HEADER_BYTES;
    this.#producer = kafka.producer({ allowAutoTopicCreation: false, createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  }

  async publish(letters: readonly PublishedDeadLetter[]): Promise<void> {
    await this.#connect();
    let messages: { key: string; value: string }[] = [];
    let bytes = 0;
    for (const letter of letters) {
      const value = encodeDeadLetter(letter, this.#bytesMax - HEADER_BYTES);
      const size = Buffer.byteLength(value) + HEADER_BYTES;
      if (bytes + size > this.#bytesMax) {
        await this.#send(messages);
        messages = [];
        bytes = 0;
      }
      messages.push({ key: letter.id, value });
      bytes += size;
    }
    await this.#send(messages);
  }

  async close(): Promise<void> {
    if (this.#connected !== undefined) await this.#producer.disconnect();
  }

  /** By the first who has something to publish; again after a failure. */
  #connect(): Promise<void> {
    this.#connected ??= this.#producer.connect().catch((error: unknown) => {
      this.#connected = undefined;
      throw error;
    });
    return this.#connected;
  }

  async #send(messages: { key: string; value: string }[]): Promise<void> {
    if (messages.length > 0) await this.#producer.send({ topic: this.#topic, acks: ACKS_ALL, timeout: REPLICATION_MS_MAX, messages });
  }
}

/** As JSON of at most `bytesMax` bytes: the payload gives way, cut between characters. */
export function encodeDeadLetter(letter: PublishedDeadLetter, bytesMax: number): string {
  let value = JSON.stringify(letter satisfies Value);
  for (let payload = letter.payload; Buffer.byteLength(value) > bytesMax && payload !== '';) {
    const excess = Buffer.byteLength(value) / bytesMax;
    // By a little more than it is too large: what JSON escapes is not spread evenly.
    payload = payload.slice(0, Math.floor(payload.length / excess) - 1).replace(/[\ud800-\udbff]$/, '');
    value = JSON.stringify({ ...letter, payload, payloadCutFromBytes: Buffer.byteLength(letter.payload) } satisfies Value);
  }
  return value;
}
