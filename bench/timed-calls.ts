/** Calls of the API one after the other, each timed from the request to the last byte of its answer. */
import type { Tallyline } from '../test/support/tallyline.ts';
import { figure, percentile, type Figure } from './figure.ts';
import { cpuSeconds } from './process-usage.ts';

export interface TimedCalls {
  calls: number;
  p50: number;
  p95: number;
  /** Processor time of a call, all processes of the program, in ms. */
  cpuMs: number;
}

/** `check` sees every answer; it throws where one is wrong. Not timed, as parsing is not. */
export async function timeCalls<T>(
  tallyline: Tallyline,
  paths: readonly string[],
  check: (answer: T, path: string) => Promise<void> | void,
): Promise<TimedCalls> {
  const times: number[] = [];
  const answers: string[] = [];
  const cpuBefore = await cpuSeconds(tallyline.pid);
  for (const path of paths) {
    const beganAt = performance.now();
    const response = await tallyline.fetch(path);
    const text = await response.text();
    times.push(performance.now() - beganAt);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    answers.push(text);
  }
  const cpuMs = (((await cpuSeconds(tallyline.pid)) - cpuBefore) * 1000) / paths.length;
  for (const [index, path] of paths.entries()) await check(JSON.parse(answers[index] ?? '') as T, path);
  return { calls: paths.length, p50: percentile(times, 0.5), p95: percentile(times, 0.95), cpuMs };
}

export function figuresOf(name: string, { p50, p95, cpuMs }: TimedCalls): Figure[] {
  return [figure(name, 'p50', p50, 'ms'), figure(name, 'p95', p95, 'ms'), figure(name, 'cpu_per_call', cpuMs, 'ms')];
}

export const CALLS_HEADER = ['| calls | wanted ms | p50 ms | p95 ms | CPU ms per call, all processes |', '|---|---|---|---|---|'];

/** `wanted`: what the target says, or an empty text where it says nothing. */
export function callsRow(name: string, { p50, p95, cpuMs }: TimedCalls, wanted: string): string {
  return `| ${name} | ${wanted} | ${p50.toFixed(1)} | ${p95.toFixed(1)} | ${cpuMs.toFixed(1)} |`;
}
