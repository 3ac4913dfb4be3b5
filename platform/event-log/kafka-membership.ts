/**
 * One process' membership of the consumer group: which partitions it holds, and until when.
 *
 *   join ──► hold ──► drain ──► join …        A generation of the group: everybody joins, the leader deals out the partitions.
 *                       └─────► leave         hold: a worker per partition. drain: the workers are told to stop, and awaited.
 *
 * Heartbeats go on while draining, so that the group waits: nobody gets a partition before its worker has ended. (kafkajs' own
 * consumer rejoins first and lets the worker run on.) The group only says who reads; offsets are never committed to Kafka.
 */
import kafkajs from 'kafkajs';
import type { Cluster, GroupMember, GroupMemberAssignment, GroupState } from 'kafkajs';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { Waker } from '../waker.ts';

export interface KafkaGroupOptions {
  /** Connected, and disconnected in the end: other requests would wait for those of the group. */
  cluster: Cluster;
  topic: string;
  groupId: string;
  partitions: number;
  /** How long the group waits for a member that is silent before it deals out its partitions anew. */
  sessionTimeoutMs: number;
  /** Works on one partition until the signal fires. A throw ends the membership. */
  work(partition: number, signal: AbortSignal): Promise<void>;
  clock: Clock;
  logger: Logger;
}

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

/** What kafkajs' brokers do, but its types do not tell. */
interface Coordinator {
  joinGroup(request: {
    groupId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    memberId: string;
    groupProtocols: GroupState[];
  }): Promise<{ generationId: number; leaderId: string; memberId: string; members: GroupMember[] }>;
  syncGroup(request: {
    groupId: string;
    generationId: number;
    memberId: string;
    groupAssignment: GroupMemberAssignment[];
  }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
}

interface Generation {
  id: number;
  partitions: readonly number[];
}

/** The name of our way of dealing out partitions: members that know another way cannot be in the group. */
const PROTOCOL = 'tallyline';
/** A worker ends within a transaction or an insert; whoever takes longer than this is fenced off by the stores. */
const REBALANCE_MS_MAX = 60_000;
/** A lost one matters little, and by the next one a member hears that a partition is to be taken over: so they are frequent. */
export const HEARTBEATS_PER_SESSION = 8;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;
/** A join waits for all other members; a process that stops does not. */
const STOP_JOINING_MS_MAX = 3_000;

/** What no repetition mends: permissions, a wrong group, a broker that refuses our settings. */
const FATAL = new Set([
  'GROUP_AUTHORIZATION_FAILED',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'UNSUPPORTED_VERSION',
]);

const typeOf = (error: unknown) => (error as { type?: string }).type ?? (error as { cause?: { type?: string } }).cause?.type ?? '';

export class KafkaMembership {
  readonly #options: KafkaGroupOptions;
  readonly #stopping = new AbortController();
  #coordinator: Coordinator | undefined;
  #memberId = '';
  /** A join that was still under way when this member was stopped. */
  #lateJoin: Promise<{ memberId: string }> | undefined;
  /** Rejects when a worker failed or the group refuses us; resolves after `stop`. */
  readonly done: Promise<void>;

  constructor(options: KafkaGroupOptions) {
    this.#options = options;
    this.done = this.#live().finally(() => this.#end());
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.done.catch(() => undefined);
  }

  async #live(): Promise<void> {
    const stopping = this.#stopping.signal;
    for (let waitMs = FIRST_WAIT_MS; !stopping.aborted;) {
      const generation = await this.#join().catch((error: unknown) => this.#recover(error, waitMs));
      if (generation === undefined) {
        await new Waker().wait(waitMs, stopping);
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
        continue;
      }
      waitMs = FIRST_WAIT_MS;
      await this.#hold(generation);
    }
  }

  #recover(error: unknown, waitMs: number): undefined {
    const type = typeOf(error);
    if (FATAL.has(type)) throw error;
    // The group has forgotten this member, or its coordinator is another by now.
    if (type === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
    this.#coordinator = undefined;
    if (!this.#stopping.signal.aborted) this.#options.logger.warn({ err: error, waitMs }, 'joining the group failed, trying again');
    return undefined;
  }

  async #join(): Promise<Generation | undefined> {
    const { groupId, sessionTimeoutMs, topic } = this.#options;
    const coordinator = await this.#findCoordinator();
    const metadata = MemberMetadata.encode({ version: 0, topics: [topic], userData: Buffer.alloc(0) });
    const joining = coordinator.joinGroup({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: REBALANCE_MS_MAX,
      memberId: this.#memberId,
      groupProtocols: [{ name: PROTOCOL, metadata }],
    });
    const joined = await unlessStopped(joining, this.#stopping.signal);
    if (joined === undefined) {
      this.#lateJoin = joining;
      return undefined;
    }
    const { generationId, leaderId, memberId, members } = joined;
    this.#memberId = memberId;
    const groupAssignment = leaderId === memberId ? this.#deal(members) : [];
    const synced = await coordinator.syncGroup({ groupId, generationId, memberId, groupAssignment });
    const partitions = MemberAssignment.decode(synced.memberAssignment)?.assignment[topic] ?? [];
    this.#options.logger.info({ generation: generationId, partitions }, 'partitions assigned');
    return { id: generationId, partitions };
  }

  /** Round the table, in the order of the members' ids. */
  #deal(members: readonly GroupMember[]): GroupMemberAssignment[] {
    const { topic, partitions } = this.#options;
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    return members
      .map(({ memberId }) => memberId)
      .toSorted()
      .map((memberId, seat) => {
        const assignment = { [topic]: all.filter((partition) => partition % members.length === seat) };
        return { memberId, memberAssignment: MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) }) };
      });
  }

  /** Until the group deals out anew, this member has left or been forgotten, or a worker failed, which is thrown. */
  async #hold(generation: Generation): Promise<void> {
    const stopping = this.#stopping.signal;
    if (stopping.aborted) return;
    const revoked = new AbortController();
    const drained = new AbortController();
    const revoke = () => revoked.abort();
    stopping.addEventListener('abort', revoke, { once: true });
    const ended = new Promise<void>((settle) => revoked.signal.addEventListener('abort', () => settle(), { once: true }));
    const beating = this.#beat(generation, revoked, drained.signal);
    const workers = generation.partitions.map(async (partition) => {
      try {
        await this.#options.work(partition, revoked.signal);
      } catch (error) {
        // The others must not go on alone for long: the process is about to stop.
        revoke();
        throw error;
      }
    });
    // A worker that ended by itself keeps its partition: nobody else is to work on it.
    const outcomes = await Promise.allSettled([...workers, ended]);
    stopping.removeEventListener('abort', revoke);
    drained.abort();
    await beating;
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Tells the group that this member is alive, until it is drained. What ends the generation fires `revoked`. */
  async #beat({ id }: Generation, revoked: AbortController, drained: AbortSignal): Promise<void> {
    const { groupId, sessionTimeoutMs, clock, logger } = this.#options;
    let heardMs = clock.monotonicMs();
    while (!drained.aborted) {
      await new Waker().wait(sessionTimeoutMs / HEARTBEATS_PER_SESSION, drained);
      if (drained.aborted) return;
      try {
        await (await this.#findCoordinator()).heartbeat({ groupId, groupGenerationId: id, memberId: this.#memberId });
        heardMs = clock.monotonicMs();
      } catch (error) {
        const type = typeOf(error);
        if (type === 'REBALANCE_IN_PROGRESS') {
          heardMs = clock.monotonicMs();
          if (!revoked.signal.aborted) logger.info({ generation: id }, 'the group deals out its partitions anew');
          revoked.abort();
          continue;
        }
        const forgotten = type === 'UNKNOWN_MEMBER_ID' || type === 'ILLEGAL_GENERATION' || FATAL.has(type);
        const silent = clock.monotonicMs() - heardMs > sessionTimeoutMs;
        logger.warn({ err: error, forgotten, silent }, 'heartbeat failed');
        if (type === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
        this.#coordinator = undefined;
        if (forgotten || silent) {
          revoked.abort();
          return;
        }
      }
    }
  }

  async #findCoordinator(): Promise<Coordinator> {
    const { cluster, groupId } = this.#options;
    this.#coordinator ??= (await cluster.findGroupCoordinator({ groupId })) as unknown as Coordinator;
    return this.#coordinator;
  }

  /** A join that hangs on other members is left again whenever it comes through; nobody waits for that. */
  async #end(): Promise<void> {
    const ended = this.#leave().finally(() => this.#options.cluster.disconnect());
    if (this.#lateJoin === undefined) await ended;
    else ended.catch(() => undefined);
  }

  /** So that the others need not wait for the session to end. */
  async #leave(): Promise<void> {
    const { groupId, logger } = this.#options;
    try {
      const memberId = (await this.#lateJoin)?.memberId ?? this.#memberId;
      if (memberId !== '') await (await this.#findCoordinator()).leaveGroup({ groupId, memberId });
    } catch (error) {
      logger.warn({ err: error }, 'the group was not told that this member leaves; it finds out when the session ends');
    }
  }
}

/** A join cannot be taken back. Mostly it takes no time, and is worth waiting for: then the others hear at once that this one leaves. */
async function unlessStopped<T>(joining: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const stopped = Promise.withResolvers<undefined>();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimeout(stopped.resolve, STOP_JOINING_MS_MAX, undefined);
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([joining, stopped.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearTimeout(timer);
    joining.catch(() => undefined);
  }
}
