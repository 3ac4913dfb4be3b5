/** The life of the process: starting, being refused, stopping, and what stays. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Import } from '../../schemas/http/imports.ts';
import { eventually } from '../support/eventually.ts';
import { importFile, usageTotals } from '../support/imports.ts';
import { processesUnder } from '../support/processes.ts';
import { makeDataDirectory, runToEnd, startTallyline } from '../support/tallyline.ts';

let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
beforeEach(async () => {
  directory = await makeDataDirectory();
});
afterEach(() => directory.remove());

const TEXT = 'id,customer,time,quantity,meter\n1,c1,2026-01-01T00:00:00Z,2.5,m\n2,c2,2026-01-01T01:00:00Z,4,m\n';

describe('starting and stopping', () => {
  test('SIGTERM leaves no process behind, and a second start has everything', async () => {
    const first = await startTallyline({ dataDirectory: directory.path });
    expect((await importFile(first, TEXT)).status).toBe('complete');
    expect(await processesUnder(directory.path)).not.toEqual([]);
    expect(await first.stop()).toBe(0);
    expect(await processesUnder(directory.path)).toEqual([]);

    const second = await startTallyline({ dataDirectory: directory.path });
    expect(await usageTotals(second)).toEqual({ m: '6.5' });
    expect((await importFile(second, TEXT)).events).toMatchObject({ accepted: 0, duplicate: 2 });
    expect(await second.stop()).toBe(0);
    expect(await processesUnder(directory.path)).toEqual([]);
  });

  test('after SIGKILL the next start ends the orphaned Postgres and goes on', async () => {
    const first = await startTallyline({ dataDirectory: directory.path });
    await importFile(first, TEXT);
    await first.kill();
    const second = await startTallyline({ dataDirectory: directory.path });
    expect(await usageTotals(second)).toEqual({ m: '6.5' });
    await second.stop();
    expect(await processesUnder(directory.path)).toEqual([]);
  });

  test('an import that was stopped in the middle is finished by the next start', async () => {
    const rows = Array.from({ length: 120_000 }, (_, n) => `${n},c${n % 50},2026-01-01T00:00:00Z,1,m\n`).join('');
    const first = await startTallyline({ dataDirectory: directory.path });
    const { id } = await importFile(first, `id,customer,time,quantity,meter\n${rows}`, { wait: false });
    expect(await first.stop()).toBe(0);
    const second = await startTallyline({ dataDirectory: directory.path });
    const done = await eventually('the import completes', async () => {
      const view = await second.json<Import>(`/v1/imports/${id}`);
      return view.status === 'complete' && view;
    });
    expect(done.events).toEqual({ published: 120_000, accepted: 120_000, duplicate: 0, conflict: 0, dead: 0 });
    expect(await usageTotals(second)).toEqual({ m: '120000' });
    await second.stop();
  });
});

describe('refusals', () => {
  test('a data directory in use names who uses it', async () => {
    const running = await startTallyline({ dataDirectory: directory.path });
    const refused = await runToEnd(['--port', '0', '--data', directory.path]);
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(/in use/);
    expect(refused.output).toContain(String(running.pid));
    expect((await importFile(running, TEXT)).status).toBe('complete');
    await running.stop();
  });

  test('a data directory of a newer version is left as it is', async () => {
    const running = await startTallyline({ dataDirectory: directory.path });
    await running.stop();
    const file = join(directory.path, 'tallyline.json');
    await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), format: 999 }));
    const before = await readdir(directory.path);
    const refused = await runToEnd(['--port', '0', '--data', directory.path]);
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(/newer/);
    expect(await readdir(directory.path)).toEqual(before);
  });

  test('every fault of the configuration is named at once', async () => {
    const refused = await runToEnd(['--port', 'many', '--data', directory.path, '--roles', 'ingest,cook'], {
      TALLYLINE_ADMIN_KEY: 'short',
    });
    expect(refused.code).toBe(2);
    for (const fault of ['--port', 'cook', 'TALLYLINE_ADMIN_KEY']) expect(refused.output).toContain(fault);
    await expect(readdir(directory.path)).rejects.toThrow();
    await rm(directory.path, { recursive: true, force: true });
  });
});
