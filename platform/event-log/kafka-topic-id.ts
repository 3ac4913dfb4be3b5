/**
 * The id of a topic: a topic that was deleted and made anew has the same name and another id.
 *
 * Kafka tells it since 2.8, in version 10 of its Metadata request; kafkajs knows version 6. Its connections carry any request that
 * can encode itself, so this one does. (https://kafka.apache.org/protocol#The_Messages_Metadata)
 *
 * Asked of the leader of a partition AFTER it has answered a read or a write: a broker learns of topics before it opens their
 * partitions, and an id never comes back. So when the id is still the old one, the answer came from the old topic.
 */
import { createRequire } from 'node:module';
import type { Broker } from 'kafkajs';
import { LogReplacedError } from './event-log.ts';
import type { KafkaLeaders } from './kafka-leaders.ts';

/** kafkajs' writer and reader of Kafka's primitive types, as far as they are used here. */
interface Encoder {
  writeBoolean(value: boolean): Encoder;
  writeBuffer(value: Buffer): Encoder;
  writeUVarInt(value: number): Encoder;
  writeUVarIntString(value: string): Encoder;
}

interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readUVarInt(): number;
  readUVarIntString(): string | null;
  readBytes(byteLength: number): Buffer;
}

interface ProtocolError {
  createErrorFromCode(code: number): Error;
}

/** What kafkajs' brokers have, but its types do not tell. */
interface SendingBroker {
  versions: Record<number, { maxVersion: number } | undefined> | null;
  connectionPool: {
    send<T>(call: {
      request: { apiKey: number; apiVersion: number; apiName: string; encode(): Promise<Encoder> };
      response: { decode(raw: Buffer): Promise<T>; parse(data: T): Promise<T> };
    }): Promise<T>;
  };
}

const kafkajsFile = createRequire(import.meta.url);
const NewEncoder = kafkajsFile('kafkajs/src/protocol/encoder.js') as new () => Encoder;
const NewDecoder = kafkajsFile('kafkajs/src/protocol/decoder.js') as new (raw: Buffer) => Decoder;
const { createErrorFromCode } = kafkajsFile('kafkajs/src/protocol/error.js') as ProtocolError;

const METADATA = { apiKey: 3, apiVersion: 10, apiName: 'Metadata' } as const;
const UUID_BYTES = 16;

interface TopicMetadata {
  errorCode: number;
  id: string;
}

/** Undefined where the broker is too old to know. Throws like any other request of kafkajs, also when the topic is not there. */
export async function readTopicId(broker: Broker, topic: string): Promise<string | undefined> {
  const { versions, connectionPool } = broker as unknown as SendingBroker;
  if ((versions?.[METADATA.apiKey]?.maxVersion ?? 0) < METADATA.apiVersion) return undefined;
  const { id } = await connectionPool.send<TopicMetadata>({
    request: { ...METADATA, encode: () => Promise.resolve(encode(topic)) },
    response: {
      decode: (raw) => Promise.resolve(decode(raw)),
      parse: (metadata) => (metadata.errorCode === 0 ? Promise.resolve(metadata) : Promise.reject(createErrorFromCode(metadata.errorCode))),
    },
  });
  return id;
}

function encode(topic: string): Encoder {
  return (
    new NewEncoder()
      // The header's own tagged fields, none: kafkajs writes the header of an older version, which ends before them.
      .writeUVarInt(0)
      // Lengths are written plus one: one topic.
      .writeUVarInt(2)
      .writeBuffer(Buffer.alloc(UUID_BYTES))
      .writeUVarIntString(topic)
      .writeUVarInt(0)
      // Not to be created, and nothing about permissions.
      .writeBoolean(false)
      .writeBoolean(false)
      .writeBoolean(false)
      .writeUVarInt(0)
  );
}

/** As far as the id of the first topic; nothing after it is of interest. */
function decode(raw: Buffer): TopicMetadata {
  const decoder = new NewDecoder(raw);
  skipTags(decoder);
  decoder.readInt32();
  for (let brokers = decoder.readUVarInt() - 1; brokers > 0; brokers -= 1) {
    decoder.readInt32();
    decoder.readUVarIntString();
    decoder.readInt32();
    decoder.readUVarIntString();
    skipTags(decoder);
  }
  decoder.readUVarIntString();
  decoder.readInt32();
  decoder.readUVarInt();
  const errorCode = decoder.readInt16();
  decoder.readUVarIntString();
  return { errorCode, id: decoder.readBytes(UUID_BYTES).toString('hex') };
}

function skipTags(decoder: Decoder): void {
  for (let tags = decoder.readUVarInt(); tags > 0; tags -= 1) {
    decoder.readUVarInt();
    decoder.readBytes(decoder.readUVarInt());
  }
}

/** Holds the topic against the one that was opened. */
export class KafkaTopicGuard {
  readonly #topic: string;
  readonly #opened: string | undefined;
  readonly #replaced = Promise.withResolvers<never>();
  /** Rejects when the topic turns out to be another one than was opened. */
  readonly replaced: Promise<never> = this.#replaced.promise;

  /** `opened`: the id at the beginning; undefined where brokers do not tell, and nothing can be held against it. */
  constructor(topic: string, opened: string | undefined) {
    this.#topic = topic;
    this.#opened = opened;
    this.replaced.catch(() => undefined);
  }

  /** Throws `LogReplacedError` when what the leader has just answered may have come from another topic of the same name. */
  async check(leaders: KafkaLeaders, leader: string): Promise<void> {
    if (this.#opened === undefined) return;
    const id = await readTopicId(await leaders.broker(leader), this.#topic);
    if (id === undefined || id === this.#opened) return;
    const error = new LogReplacedError(this.#topic);
    this.#replaced.reject(error);
    throw error;
  }
}
