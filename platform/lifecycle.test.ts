import pino from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { LifecycleStoppedError, PhaseError, createLifecycle } from './lifecycle.ts';
import type { Lifecycle } from './lifecycle.ts';

/** Long enough never to be reached by what does not hang. */
const AMPLE = { startCapMs: 10_000, stopCapMs: 10_000 };
const never = () => new Promise<never>(() => undefined);

let events: string[];
let logged: { level: number; phase: string; msg: string }[];
let lifecycle: Lifecycle;

beforeEach(() => {
  events = [];
  logged = [];
  const logger = pino({ level: 'warn' }, { write: (line) => logged.push(JSON.parse(line) as (typeof logged)[number]) });
  lifecycle = createLifecycle({ logger, clock: systemClock });
});

function start(name: string, caps = AMPLE) {
  return lifecycle.start(
    name,
    async () => {
      events.push(`start ${name}`);
      return name;
    },
    async (started) => {
      events.push(`stop ${started}`);
    },
    caps,
  );
}

describe('lifecycle', () => {
  it('starts in order and stops in reverse, handing what was started to its stop', async () => {
    expect(await start('postgres')).toBe('postgres');
    await start('log');
    await start('http');
    await lifecycle.stop();
    expect(events).toEqual(['start postgres', 'start log', 'start http', 'stop http', 'stop log', 'stop postgres']);
  });

  it('stops once, however often it is asked', async () => {
    await start('postgres');
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    await lifecycle.stop();
    expect(events).toEqual(['start postgres', 'stop postgres']);
  });

  it('starts one phase after the other, even when they are asked for together', async () => {
    const gate = Promise.withResolvers<void>();
    const first = lifecycle.start(
      'slow',
      () => gate.promise,
      async () => void events.push('stop slow'),
      AMPLE,
    );
    const second = start('next');
    expect(events).toEqual([]);
    gate.resolve();
    await Promise.all([first, second]);
    await lifecycle.stop();
    expect(events).toEqual(['start next', 'stop next', 'stop slow']);
  });

  it('stops what has started when a phase fails, and names the phase', async () => {
    await start('postgres');
    await start('log');
    const cause = new Error('port 4000 is taken');
    const failed = lifecycle.start(
      'http',
      () => Promise.reject(cause),
      async () => void events.push('stop http'),
      AMPLE,
    );
    await expect(failed).rejects.toMatchObject({
      name: 'PhaseError',
      phase: 'http',
      message: 'http did not start: port 4000 is taken',
      cause,
    });
    expect(events).toEqual(['start postgres', 'start log', 'stop log', 'stop postgres']);
  });

  it('treats a start that throws at once like any other failure', async () => {
    const failed = lifecycle.start(
      'config',
      () => {
        throw new Error('at once');
      },
      async () => undefined,
      AMPLE,
    );
    await expect(failed).rejects.toBeInstanceOf(PhaseError);
  });

  it('gives up on a start over its cap, and stops it when it comes after all', async () => {
    await start('postgres');
    const late = Promise.withResolvers<string>();
    const stopped = Promise.withResolvers<string>();
    const failed = lifecycle.start(
      'chdb',
      () => late.promise,
      async (value) => stopped.resolve(value),
      { startCapMs: 1, stopCapMs: 10_000 },
    );
    await expect(failed).rejects.toThrow('chdb did not start: it took longer than 0.001 s');
    expect(events).toEqual(['start postgres', 'stop postgres']);
    late.resolve('late engine');
    expect(await stopped.promise).toBe('late engine');
  });

  it('passes over a stop beyond its cap, and one that fails, and says which', async () => {
    await start('postgres');
    await lifecycle.start('stuck', async () => undefined, never, { startCapMs: 10_000, stopCapMs: 1 });
    await lifecycle.start(
      'broken',
      async () => undefined,
      () => Promise.reject(new Error('no')),
      AMPLE,
    );
    await lifecycle.stop();
    expect(events).toEqual(['start postgres', 'stop postgres']);
    expect(logged.map(({ phase, msg }) => `${phase}: ${msg}`)).toEqual([
      'broken: failed to stop; going on',
      'stuck: did not stop in time; going on without waiting',
    ]);
  });

  it('waits for the phase that is starting when it is stopped, and starts no other', async () => {
    await start('postgres');
    const gate = Promise.withResolvers<string>();
    const starting = lifecycle.start(
      'chdb',
      () => gate.promise,
      async () => void events.push('stop chdb'),
      AMPLE,
    );
    await Promise.resolve();
    const stopping = lifecycle.stop();
    const refused = expect(start('http')).rejects.toBeInstanceOf(LifecycleStoppedError);
    gate.resolve('engine');
    expect(await starting).toBe('engine');
    await refused;
    await stopping;
    expect(events).toEqual(['start postgres', 'stop chdb', 'stop postgres']);
  });
});
