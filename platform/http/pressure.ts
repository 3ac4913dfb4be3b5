/** Calls are turned away before the process falls over: when its event loop hardly turns, or its memory is all but used up. */
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import underPressure, { TYPE_EVENT_LOOP_DELAY } from '@fastify/under-pressure';
import { ProblemError } from '../../core/errors.ts';
import type { Clock } from '../clock.ts';
import type { HttpServer } from './http-server.ts';

export interface PressureLimits {
  /** How late the loop turns, on average over five seconds, in milliseconds. */
  eventLoopDelayMs: number;
  heapBytes: number;
  /** Of the whole process, the ClickHouse engine included. */
  residentBytes: number;
}

/** A second of it at every turn, and every call takes several turns: imports on two busy cores stay below a tenth. */
const EVENT_LOOP_DELAY_MS = 1_000;
/** Over a shorter time, a single long turn would count as all of them: loading the ClickHouse engine takes one of a second or two. */
const SAMPLE_MS = 5_000;
/** Between two collections the heap comes close to its limit in ordinary use; above this, collecting does not help any more. */
const HEAP_SHARE = 0.96;
/** What is beyond is the system's own, which ends the process where it runs short. */
const MEMORY_SHARE = 0.95;

export function usualPressureLimits(): PressureLimits {
  // Zero where no container limits it; a number that no machine has where one could.
  const constrained = process.constrainedMemory();
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return {
    eventLoopDelayMs: EVENT_LOOP_DELAY_MS,
    heapBytes: HEAP_SHARE * getHeapStatistics().heap_size_limit,
    residentBytes: MEMORY_SHARE * memory,
  };
}

/**
 * Whether the loop is late for longer than one sample. A single turn of many seconds, or a machine that did not let the process run, is over when
 * it is noticed; only what is late in the next sample too goes on.
 */
export function createLateness(clock: Clock): (delayMs: number) => boolean {
  let first: { delayMs: number; lastAtMs: number } | undefined;
  return (delayMs) => {
    const nowMs = clock.monotonicMs();
    if (first === undefined || nowMs - first.lastAtMs > 2 * SAMPLE_MS) first = { delayMs, lastAtMs: nowMs };
    first.lastAtMs = nowMs;
    return first.delayMs !== delayMs;
  };
}

/** Before sign-in, which asks the database. Health is answered all the same: a busy process must not be restarted for it. */
export async function registerPressure(server: HttpServer, limits: PressureLimits, clock: Clock): Promise<void> {
  const staysLate = createLateness(clock);
  await server.register(underPressure, {
    sampleInterval: SAMPLE_MS,
    maxEventLoopDelay: limits.eventLoopDelayMs,
    maxHeapUsedBytes: limits.heapBytes,
    maxRssBytes: limits.residentBytes,
    pressureHandler: async (request, _reply, kind, value) => {
      if (request.routeOptions.url?.startsWith('/health/')) return;
      if (kind === TYPE_EVENT_LOOP_DELAY && !staysLate(value ?? 0)) return;
      request.log.warn({ kind, value }, 'turned away: the process is overloaded');
      throw new ProblemError('overloaded', 'This server has more to do than it can at the moment. Try again shortly.');
    },
  });
}
