import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Assignment, EventLog } from '../../platform/event-log/event-log.ts';
import { kafkaAvailable, startKafka } from '../support/kafka.ts';
import type { TestKafka } from '../support/kafka.ts';
import { openTestKafkaLog } from '../support/kafka-log.ts';
import { eventually } from '../support/eventually.ts';
import { PATIENTLY, events, readAll } from './event-log-under-test.ts';

const PARTITIONS = 6;
/** Longest time a partition may be without a reader after a process was killed. */
const TAKEOVER_MS_MAX = 15_000;

describe.skipIf(!kafkaAvailable)('a group of processes on Kafka', () => {
  let kafka: TestKafka;
  beforeAll(async () => {
    kafka = await startKafka();
  }, 120_000);
  afterAll(() => kafka.stop());

  const open = (topic: string, sessionTimeoutMs = 6_000) => openTestKafkaLog(kafka, { topic, partitions: PARTITIONS, sessionTimeoutMs });

  /** A member that notes what it holds; its workers end when `release` says so. */
  async function joinGroup(log: EventLog, name: string, journal: string[], release: () => Promise<unknown> = () => Promise.resolve()) {
    const held = new Set<number>();
    const revoked = new Set<number>();
    const assignment: Assignment = await log.assign(async (reader, signal) => {
      const { partition } = reader;
      held.add(partition);
      journal.push(`${name} takes ${partition}`);
      while (!signal.aborted) await reader.read(0, { ...PATIENTLY, signal });
      revoked.add(partition);
      await release();
      held.delete(partition);
      journal.push(`${name} gives ${partition}`);
    });
    return { held, revoked, assignment };
  }

  it('shares the partitions, hands them over when their workers have ended, and takes them back', async () => {
    const topic = kafka.name();
    const [one, two] = await Promise.all([open(topic), open(topic)]);
    const journal: string[] = [];
    const gate = Promise.withResolvers<undefined>();
    const first = await joinGroup(one, 'first', journal, () => gate.promise);
    await eventually('the first has all partitions', () => Promise.resolve(first.held.size === PARTITIONS));
    const second = await joinGroup(two, 'second', journal);
    await eventually('the first is told to give up all of them', () => Promise.resolve(first.revoked.size === PARTITIONS));
    expect(second.held.size).toBe(0);
    gate.resolve(undefined);
    await eventually('each has half', () => Promise.resolve(first.held.size === PARTITIONS / 2 && second.held.size === PARTITIONS / 2));
    expect([...first.held, ...second.held].toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
    await second.assignment.stop();
    await eventually('the first has all again', () => Promise.resolve(first.held.size === PARTITIONS));
    await first.assignment.stop();
    for (let partition = 0; partition < PARTITIONS; partition += 1) expectTurns(journal, partition);
    await Promise.all([one.close(), two.close()]);
  });

  /** Nobody takes a partition that another has. */
  function expectTurns(journal: readonly string[], partition: number): void {
    const acts = journal.filter((entry) => entry.endsWith(` ${partition}`)).map((entry) => entry.split(' '));
    for (const [at, [name, act]] of acts.entries()) {
      expect(act).toBe(at % 2 === 0 ? 'takes' : 'gives');
      if (act === 'gives') expect(acts[at - 1]?.[0]).toBe(name);
    }
  }

  it('takes over from a process that was killed', async () => {
    const topic = kafka.name();
    const log = await open(topic);
    const { held, assignment } = await joinGroup(log, 'this', []);
    await eventually('this process has all partitions', () => Promise.resolve(held.size === PARTITIONS));
    const child = spawn(process.execPath, [join(import.meta.dirname, '../support/kafka-member-child.ts'), kafka.brokers[0] ?? '', topic], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const taken: number[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => taken.push(Number(line)));
    await eventually('the other has half', () => Promise.resolve(taken.length >= PARTITIONS / 2 && held.size === PARTITIONS / 2));
    child.kill('SIGKILL');
    await eventually('this process has all of them again', () => Promise.resolve(held.size === PARTITIONS), TAKEOVER_MS_MAX);
    await assignment.stop();
    await log.close();
  });

  it('goes on after the broker crashed, with every event once and in order', async () => {
    const topic = kafka.name();
    const log = await open(topic);
    const read = Promise.withResolvers<string[]>();
    const begun = Promise.withResolvers<undefined>();
    const payloads: string[] = [];
    const assignment = await log.assign(async (reader, signal) => {
      if (reader.partition !== 0) return;
      while (!signal.aborted && payloads.length < 300) {
        // A consumer of ours tries again as long as it may.
        const batch = await reader.read(payloads.length, { maxEvents: 50, waitMs: 500, signal }).catch(() => undefined);
        payloads.push(...(batch?.payloads ?? []));
        if (payloads.length > 0) begun.resolve(undefined);
      }
      if (payloads.length >= 300) read.resolve(payloads);
    });
    await log.append(0, events(0, 100));
    await begun.promise;
    await kafka.kill();
    const appending = log.append(0, events(100, 200));
    await kafka.restart();
    await appending;
    await log.append(0, events(200, 300));
    expect(await read.promise).toEqual(events(0, 300));
    expect((await readAll(log.reader(0), 0, 300)).payloads).toEqual(events(0, 300));
    await assignment.stop();
    await log.close();
  });

  it('says so when it refuses a member', async () => {
    const log = await open(kafka.name(), 10);
    const assignment = await log.assign(() => Promise.resolve());
    await expect(assignment.done).rejects.toMatchObject({ type: 'INVALID_SESSION_TIMEOUT' });
    await log.close();
  });

  it('leaves a member that stops while others keep it waiting', async () => {
    const topic = kafka.name();
    const [one, two] = await Promise.all([open(topic), open(topic)]);
    const gate = Promise.withResolvers<undefined>();
    const first = await joinGroup(one, 'first', [], () => gate.promise);
    await eventually('the first has all partitions', () => Promise.resolve(first.held.size === PARTITIONS));
    const second = await joinGroup(two, 'second', []);
    await eventually('the first is told to give up all of them', () => Promise.resolve(first.revoked.size === PARTITIONS));
    await two.close();
    await second.assignment.done;
    expect(second.held.size).toBe(0);
    gate.resolve(undefined);
    await eventually('the first goes on alone', () => Promise.resolve(first.held.size === PARTITIONS));
    await one.close();
  });
});
