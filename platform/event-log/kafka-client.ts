/**
 * kafkajs as we use it: its configuration, its log lines, and what has to be mended in it.
 *
 * kafkajs 2.2.4 is the last version there is. All of its traits stay in the files `kafka-*.ts`; `@platformatic/kafka` is the way
 * out, should a broker ever refuse it.
 */
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
// Node sees only some of its exports by name.
import kafkajs from 'kafkajs';
import type { Cluster, Kafka, KafkaConfig, LogEntry, SASLOptions } from 'kafkajs';
import type { Logger } from 'pino';
import { StoreUnavailableError } from '../store-unavailable.ts';

const { CompressionCodecs, CompressionTypes, logLevel } = kafkajs;

/** TLS: true trusts the certificates Node trusts; texts are PEM. */
export type KafkaTls = boolean | { ca?: string; cert?: string; key?: string; servername?: string };

export interface KafkaSasl {
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  username: string;
  password: string;
}

export interface KafkaConnection {
  /** `host:port` each; one that answers is enough to find the others. */
  brokers: readonly string[];
  tls?: KafkaTls;
  sasl?: KafkaSasl;
  clientId: string;
}

/** A broker on the other side of the world answers within a second; kafkajs' own default of 1 s gives up on a busy one. */
const CONNECT_MS_MAX = 10_000;
/** A request that was swallowed by the network is sent again after this long. */
const REQUEST_MS_MAX = 15_000;
/** Some 6 s of trying to connect. What takes longer is tried again by us, who know what may be given up. */
const RETRY = { initialRetryTime: 200, maxRetryTime: 5_000, retries: 5 };

export function createKafka(connection: KafkaConnection, logger: Logger): Kafka {
  mendKafkajs();
  return new kafkajs.Kafka(kafkaConfig(connection, logger));
}

export function kafkaConfig({ brokers, tls, sasl, clientId }: KafkaConnection, logger: Logger): KafkaConfig {
  return {
    brokers: [...brokers],
    clientId,
    ...(tls === undefined ? {} : { ssl: tls }),
    ...(sasl === undefined ? {} : { sasl: sasl as SASLOptions }),
    connectionTimeout: CONNECT_MS_MAX,
    requestTimeout: REQUEST_MS_MAX,
    retry: RETRY,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => passOn(entry, logger),
  };
}

/** One step down from what kafkajs calls it: it reports as errors what it then retries, and what fails for good also reaches us. */
function passOn({ level, namespace, log: { message, ...rest } }: LogEntry, logger: Logger): void {
  const fields = { kafkajs: namespace, reason: rest['error'] as unknown };
  if (level === logLevel.ERROR) logger.warn(fields, message);
  else logger.debug(fields, message);
}

/**
 * A view of the cluster of its own, with its own connections: kafkajs hands it out to partition assigners, and to nobody else.
 * The consumer it belongs to is never run: reading and membership are ours.
 */
export function openCluster(kafka: Kafka): Cluster {
  const clusters: Cluster[] = [];
  const capture = ({ cluster }: { cluster: Cluster }) => {
    clusters.push(cluster);
    const refuse = () => {
      throw new Error('this consumer never joins a group');
    };
    return { name: 'none', version: 0, assign: refuse, protocol: refuse };
  };
  kafka.consumer({ groupId: 'none', partitionAssigners: [capture], allowAutoTopicCreation: false });
  const [cluster] = clusters;
  if (cluster === undefined) throw new Error('kafkajs gave no cluster to the partition assigner');
  return cluster;
}

/** Whether the same request may succeed later. kafkajs calls "not retriable" also what it has retried itself, some seconds long. */
export function isRetriable(error: unknown): boolean {
  const { retriable, name } = error as { retriable?: boolean; name?: string };
  return retriable === true || name === 'KafkaJSNumberOfRetriesExceeded';
}

/** For `catch` at the port: whoever calls need not know kafkajs to know that the brokers are away. */
export function throwTyped(error: unknown): never {
  if (error instanceof Error && isRetriable(error)) throw new StoreUnavailableError('event log', error.message, { cause: error });
  throw error;
}

interface RequestQueue {
  pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

let mended = false;

/** Once per process, since the prototype and the table of codecs belong to the module. */
function mendKafkajs(): void {
  if (mended) return;
  mended = true;
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as { prototype: RequestQueue };
  const schedule = prototype.scheduleCheckPendingRequests;
  // With nothing pending it arms a timer for a time long past, over and over: a thousand wake-ups a second for each connection,
  // and a TimeoutNegativeWarning in Node 24.
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstd;
}

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/**
 * Zstandard is in Node and in Kafka; kafkajs has the place for it. Level 1: events are so much alike that higher levels gain
 * little, and gzip, the codec that kafkajs brings, costs several times the processor time for a larger batch.
 */
const zstd = {
  compress: ({ buffer }: { buffer: Buffer }) => compress(buffer, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  decompress: (buffer: Buffer) => decompress(buffer),
};
