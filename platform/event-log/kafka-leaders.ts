/** The brokers that lead the partitions of a topic, over connections of their own. */
import type { Broker, Cluster } from 'kafkajs';

export class KafkaLeaders {
  readonly cluster: Cluster;
  readonly topic: string;
  #ready: Promise<void> | undefined;

  constructor(cluster: Cluster, topic: string) {
    this.cluster = cluster;
    this.topic = topic;
  }

  /** Connects; again after a failure. */
  connect(): Promise<void> {
    this.#ready ??= this.#connect().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #connect(): Promise<void> {
    await this.cluster.connect();
    await this.cluster.addTargetTopic(this.topic);
  }

  disconnect(): Promise<void> {
    return this.cluster.disconnect();
  }

  async partitions(): Promise<number[]> {
    await this.connect();
    await this.cluster.refreshMetadataIfNecessary();
    return this.cluster.findTopicPartitionMetadata(this.topic).map(({ partitionId }) => partitionId);
  }

  /** The id of the broker that leads a partition, as far as is known. */
  async leaderOf(partition: number): Promise<string> {
    await this.connect();
    await this.cluster.refreshMetadataIfNecessary();
    const [leader] = Object.keys(this.cluster.findLeaderForPartitions(this.topic, [partition]));
    if (leader === undefined) throw new Error(`partition ${partition} has no leader`);
    return leader;
  }

  broker(leader: string): Promise<Broker> {
    return this.cluster.findBroker({ nodeId: leader });
  }

  /** Makes ready for another try after a request failed: the broker may be gone, and the leader another by now. */
  async recover(error: unknown): Promise<void> {
    const { name, host, port } = error as { name?: string; host?: string; port?: number };
    if (name === 'KafkaJSConnectionClosedError' && host !== undefined && port !== undefined) this.cluster.removeBroker({ host, port });
    // Where not even this can be had, the first error says more.
    await this.cluster.refreshMetadata().catch(() => undefined);
  }
}
