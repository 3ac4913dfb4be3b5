/** The topic of the event log: made with every setting that matters spelled out, or checked before anything is entrusted to it. */
import kafkajs from 'kafkajs';
import type { Admin, ITopicMetadata, Kafka } from 'kafkajs';
import type { Logger } from 'pino';

export interface KafkaTopicOptions {
  topic: string;
  partitions: number;
  /** How long events stay, in milliseconds; -1 = for ever. */
  retentionMs: number;
  replicationFactor: number;
  /** Replicas that must have an event before it counts as appended. */
  minInsyncReplicas: number;
}

export interface KafkaTopic {
  partitions: number;
  incarnation: string;
}

/** The topic cannot be trusted with events as it is; the message names each setting, its value, and how to mend it. */
export class KafkaTopicRefused extends Error {
  constructor(topic: string, faults: readonly string[]) {
    super([`the topic ${topic} is not safe to use:`, ...faults.map((fault) => `  - ${fault}`)].join('\n'));
    this.name = 'KafkaTopicRefused';
  }
}

const HOUR_MS = 3_600_000;
/** Events must outlive the longest time the consumers stand still without anybody noticing: a weekend. */
const RETENTION_MS_MIN = 72 * HOUR_MS;
/** An append is one batch of records, so that it is all or nothing; it is this large at most, and compressed it is far smaller. */
export const APPEND_BYTES_MAX = 64 * 1_048_576;
/** Room for the most that compression can add, and for the records' own headers. */
const BATCH_BYTES_MAX = 80 * 1_048_576;
/** Compressed, an import's usual appends stay below 1 MB; this much is allowed by every hosted Kafka. */
const BATCH_BYTES_MIN = 8 * 1_048_576;

/** A new topic is known everywhere after a second as a rule, and after half a minute something is wrong. */
const LOOK_AGAIN_MS = 200;
const LOOKS_MAX = 150;
/** A poisonous message of some megabytes is published whole; whoever follows the topic must be able to fetch it. */
const DEAD_LETTER_BATCH_BYTES_MAX = 8 * 1_048_576;
/** What Kafka takes unless told otherwise. */
const BATCH_BYTES_DEFAULT = 1_048_588;

/** Creates the topic when there is none; throws `KafkaTopicRefused` when there is one that would lose events. */
export async function ensureTopic(kafka: Kafka, options: KafkaTopicOptions, logger: Logger): Promise<KafkaTopic> {
  refuseOptions(options);
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { topic } = options;
    const metadata = (await findTopic(admin, topic)) ?? (await createTopic(admin, options, logger));
    const settings = await readSettings(admin, topic);
    const faults = [...partitionFaults(metadata, options), ...settingFaults(settings, topic)];
    if (faults.length > 0) throw new KafkaTopicRefused(topic, faults);
    warn(metadata, settings, options, logger);
    const { clusterId } = await admin.describeCluster();
    return { partitions: metadata.partitions.length, incarnation: `kafka:${clusterId}:${topic}` };
  } finally {
    await admin.disconnect();
  }
}

function refuseOptions({ topic, retentionMs, replicationFactor, minInsyncReplicas }: KafkaTopicOptions): void {
  const faults: string[] = [];
  if (!isRetentionSafe(retentionMs)) faults.push(`the retention is to be ${retentionFault(retentionMs)}`);
  if (minInsyncReplicas > replicationFactor)
    faults.push(`${minInsyncReplicas} replicas are to be in sync, of ${replicationFactor}: every append would fail`);
  if (faults.length > 0) throw new KafkaTopicRefused(topic, faults);
}

async function findTopic(admin: Admin, topic: string): Promise<ITopicMetadata | undefined> {
  if (!(await admin.listTopics()).includes(topic)) return undefined;
  return (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0];
}

/**
 * The same for the topic of dead letters; answers how large a batch it takes, in bytes. One that is there is used as it is: the letters
 * are kept in Postgres, and whoever follows the topic knows how long they have to be there.
 */
export async function ensureDeadLetterTopic(kafka: Kafka, options: Omit<KafkaTopicOptions, 'partitions'>, logger: Logger): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    // They are few; in one partition they stand in order.
    const made = { ...options, partitions: 1 };
    if ((await findTopic(admin, options.topic)) === undefined) await createTopic(admin, made, logger, DEAD_LETTER_BATCH_BYTES_MAX);
    return Number((await readSettings(admin, options.topic)).get('max.message.bytes') ?? BATCH_BYTES_DEFAULT);
  } finally {
    await admin.disconnect();
  }
}

async function createTopic(
  admin: Admin,
  options: KafkaTopicOptions,
  logger: Logger,
  batchBytesMax = BATCH_BYTES_MAX,
): Promise<ITopicMetadata> {
  const { topic, partitions, retentionMs, replicationFactor, minInsyncReplicas } = options;
  const settings = {
    'cleanup.policy': 'delete',
    'retention.ms': String(retentionMs),
    'retention.bytes': '-1',
    'min.insync.replicas': String(minInsyncReplicas),
    'max.message.bytes': String(batchBytesMax),
    'unclean.leader.election.enable': 'false',
    // As the producer compressed it: anything else makes the broker do it all over again.
    'compression.type': 'producer',
    // Retention counts from the broker's clock, whatever the producers' say.
    'message.timestamp.type': 'LogAppendTime',
  };
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  // False when somebody else was quicker: then theirs is checked like any other.
  const topics = [{ topic, numPartitions: partitions, replicationFactor, configEntries }];
  // kafkajs' own wait for the leaders gives up where a broker has not heard of the topic yet.
  const created = await admin.createTopics({ topics, waitForLeaders: false });
  if (created) logger.info({ topic, partitions, replicationFactor, settings }, 'topic created');
  return await untilLed(admin, topic);
}

/** Waits until every partition of a topic that was just made has its leader. */
async function untilLed(admin: Admin, topic: string): Promise<ITopicMetadata> {
  for (let tries = 1; ; tries += 1) {
    const metadata = await findTopic(admin, topic).catch((error: unknown) => {
      if (tries === LOOKS_MAX || (error as { type?: string }).type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
      return undefined;
    });
    if (metadata?.partitions.every(({ leader }) => leader >= 0) === true) return metadata;
    if (tries === LOOKS_MAX) throw new Error(`the topic ${topic} was created, and its partitions have no leader`);
    await new Promise((later) => setTimeout(later, LOOK_AGAIN_MS));
  }
}

async function readSettings(admin: Admin, topic: string): Promise<ReadonlyMap<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
  });
  return new Map((resources[0]?.configEntries ?? []).map(({ configName, configValue }) => [configName, configValue]));
}

function partitionFaults({ partitions }: ITopicMetadata, { topic, partitions: wanted }: KafkaTopicOptions): string[] {
  if (partitions.length >= wanted) return [];
  const mend = 'use as many as there are, or a new topic: added partitions move customers to other ones, which doubles their events';
  return [`it has ${partitions.length} partitions, and ${wanted} are configured; ${mend} (${topic})`];
}

function settingFaults(settings: ReadonlyMap<string, string>, topic: string): string[] {
  const faults: string[] = [];
  const judge = (name: string, isSafe: (value: string) => boolean, why: (value: string) => string, mend: string) => {
    const value = settings.get(name);
    if (value === undefined || isSafe(value)) return;
    faults.push(
      `${name} is ${value}: ${why(value)}; mend it with kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --add-config ${name}=${mend}`,
    );
  };
  judge(
    'cleanup.policy',
    (value) => value === 'delete',
    () => 'compaction deletes events of which a later one has the same key',
    'delete',
  );
  judge(
    'retention.ms',
    (value) => isRetentionSafe(Number(value)),
    (value) => retentionFault(Number(value)),
    String(7 * 24 * HOUR_MS),
  );
  judge(
    'retention.bytes',
    (value) => value === '-1',
    () => 'a large import pushes out events that were not consumed yet',
    '-1',
  );
  judge(
    'max.message.bytes',
    (value) => Number(value) >= BATCH_BYTES_MIN,
    () => 'appends would be too large for it',
    String(BATCH_BYTES_MAX),
  );
  judge(
    'unclean.leader.election.enable',
    (value) => value === 'false',
    () => 'acknowledged events are lost with a broker',
    'false',
  );
  return faults;
}

function isRetentionSafe(retentionMs: number): boolean {
  return retentionMs === -1 || retentionMs >= RETENTION_MS_MIN;
}

function retentionFault(retentionMs: number): string {
  return `${retentionMs} ms (${(retentionMs / HOUR_MS).toFixed(1)} hours): events are deleted while consumers stand still; ${RETENTION_MS_MIN / HOUR_MS} hours are the least`;
}

/** What is allowed, and has its price. */
function warn(
  { partitions }: ITopicMetadata,
  settings: ReadonlyMap<string, string>,
  { topic, partitions: wanted, minInsyncReplicas }: KafkaTopicOptions,
  logger: Logger,
): void {
  if (partitions.length > wanted) {
    logger.warn(
      { topic, partitions: partitions.length, wanted },
      'the topic has more partitions than are configured: all of them are used',
    );
  }
  const replicas = Math.min(...partitions.map((partition) => partition.replicas.length));
  if (replicas === 1) logger.warn({ topic }, 'the topic has one replica: events are lost with the disk of one broker');
  const insync = Number(settings.get('min.insync.replicas'));
  if (insync < minInsyncReplicas) {
    logger.warn({ topic, minInsyncReplicas: insync, wanted: minInsyncReplicas }, 'fewer replicas acknowledge an event than are configured');
  }
}
