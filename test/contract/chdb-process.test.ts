/** What embedded ClickHouse does to the process it runs in, and what is left when that process is killed. */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BATCH_ROWS } from '../support/chdb-child.ts';

const CHILD = fileURLToPath(new URL('../support/chdb-child.ts', import.meta.url));
const MANY = 1_000_000;

let directory: string;
let children: ChildProcessByStdio<null, Readable, Readable>[];

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'tallyline-chdb-')), 'data');
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(join(directory, '..'), { recursive: true, force: true });
});

function start(mode: 'insert' | 'replay', batches: number) {
  const child = spawn(process.execPath, [CHILD, directory, mode, String(batches)], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  return { child, ended, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](), errors: text(child.stderr) };
}

/** The batches that are there after those below `batches` went again under their tokens. */
async function replay(batches: number): Promise<{ batch: string; rows: string }[]> {
  const { lines, ended, errors } = start('replay', batches);
  const line = await lines.next();
  const [code] = await ended;
  expect({ code, errors: await errors }).toEqual({ code: 0, errors: '' });
  return JSON.parse(String(line.value)) as { batch: string; rows: string }[];
}

it.each([1, 3, 6])('keeps every acknowledged insert whole and once when it is killed after %i of them', async (acknowledged) => {
  const { child, lines, ended } = start('insert', MANY);
  let last = -1;
  while (last + 1 < acknowledged) last = Number((await lines.next()).value);
  child.kill('SIGKILL');
  expect((await ended)[1]).toBe('SIGKILL');
  // What was acknowledged between the last line read and the kill.
  for (let line = await lines.next(); line.done !== true; line = await lines.next()) last = Number(line.value);

  const before = await replay(0);
  expect(before.length).toBeGreaterThanOrEqual(last + 1);
  // One more may have been written and not acknowledged.
  expect(before.length).toBeLessThanOrEqual(last + 2);
  expect(before).toEqual(before.map((_, batch) => ({ batch: String(batch), rows: String(BATCH_ROWS) })));

  const after = await replay(last + 2);
  expect(after).toEqual(Array.from({ length: last + 2 }, (_, batch) => ({ batch: String(batch), rows: String(BATCH_ROWS) })));
});

it('leaves signals to the program, which can close it and end', async () => {
  const { child, lines, ended, errors } = start('insert', MANY);
  await lines.next();
  child.kill('SIGTERM');
  let last: string | undefined;
  for (let line = await lines.next(); line.done !== true; line = await lines.next()) last = String(line.value);
  expect(last).toBe('closed');
  expect(await ended).toEqual([0, null]);
  expect(await errors).toBe('');
});

it('refuses a directory that another process has open, and says so', async () => {
  const first = start('insert', MANY);
  await first.lines.next();
  const second = start('insert', 1);
  expect((await second.ended)[0]).not.toBe(0);
  expect(await second.errors).toMatch(/cannot be opened. Either another process has it open/);
  await first.lines.next();
  first.child.kill('SIGTERM');
  expect((await first.ended)[0]).toBe(0);
});
