/** SIGKILL in the middle of a rebuild of ClickHouse, while a file is imported: the next start ends both, and both stores hold the same. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addDecimals } from '../../core/decimal.ts';
import type { Import, Mapping } from '../../schemas/http/imports.ts';
import type { Pipeline } from '../../schemas/http/operations.ts';
import type { Reconciliation } from '../../schemas/http/reconciliation.ts';
import type { Usage } from '../../schemas/http/usage.ts';
import { countRecords } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';

const ROWS = 150_000;
const MAPPING: Mapping = {
  id: 'id',
  customer: 'customer',
  time: 'time',
  measures: [{ meter: { const: 'requests' }, quantity: 'quantity' }],
};

let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
beforeAll(async () => {
  directory = await makeDataDirectory();
});
afterAll(() => directory.remove());

/** Quantities of 0.001 × n, over three months and 200 customers. */
function makeFile(name: string): string {
  const rows = Array.from(
    { length: ROWS },
    (_, n) =>
      `${name}-${n},customer-${n % 200},2026-0${1 + (n % 3)}-${String(1 + (n % 28)).padStart(2, '0')}T00:00:00Z,${(n / 1000).toFixed(3)}\n`,
  );
  return `id,customer,time,quantity\n${rows.join('')}`;
}
const TOTAL = '11249925';

async function totals(tallyline: Tallyline): Promise<{ rows: string; quantity: string }> {
  const usage = await tallyline.json<Usage>('/v1/usage?from=2026-01-01T00:00:00Z&to=2026-06-01T00:00:00Z&grain=month');
  return { rows: String(usage.total[0]?.events ?? 0), quantity: usage.total[0]?.quantity ?? '0' };
}
const rebuildOf = async (tallyline: Tallyline) => (await tallyline.json<Pipeline>('/v1/pipeline')).rebuild;
const requestRebuild = (tallyline: Tallyline) => tallyline.json<{ id: string }>('/v1/clickhouse/rebuild', { method: 'POST' });

async function expectBothHold(tallyline: Tallyline, expected: { rows: string; quantity: string }): Promise<void> {
  expect(await totals(tallyline)).toEqual(expected);
  expect(await countRecords(directory.path)).toEqual(expected);
  await tallyline.json('/v1/reconciliation/run', { method: 'POST' });
  const reconciled = await eventually('the run is through', async () => {
    const view = await tallyline.json<Reconciliation>('/v1/reconciliation');
    return view.state !== 'checking' && view;
  });
  expect(reconciled).toMatchObject({ state: 'green', cells: [], imports: [] });
}

test('killed during a rebuild under load, the next start rebuilds anew; nothing is lost and nothing doubled', async () => {
  const first = await startTallyline({ dataDirectory: directory.path });
  await importFile(first, makeFile('a'), { name: 'a.csv', mapping: MAPPING });
  const { id } = await importFile(first, makeFile('b'), { name: 'b.csv', mapping: MAPPING, wait: false });
  const rebuild = await requestRebuild(first);
  expect((await requestRebuild(first)).id).toBe(rebuild.id);
  await eventually('rows are copied', async () => {
    const view = await rebuildOf(first);
    return view?.state === 'done' || (view?.state === 'copying' && view.rowsCopied > 0);
  });
  await first.kill();

  const second = await startTallyline({ dataDirectory: directory.path });
  await eventually('the import and the rebuild are complete', async () => {
    const view = await second.json<Import>(`/v1/imports/${id}`);
    return view.status === 'complete' && (await rebuildOf(second))?.state === 'done';
  });
  const expected = { rows: String(2 * ROWS), quantity: addDecimals(TOTAL, TOTAL) };
  await expectBothHold(second, expected);
  const again = await requestRebuild(second);
  expect(again.id).not.toBe(rebuild.id);
  await eventually('the second rebuild is done', async () => (await rebuildOf(second))?.state === 'done');
  expect(await rebuildOf(second)).toMatchObject({ id: again.id, rowsCopied: 2 * ROWS });
  await expectBothHold(second, expected);
  await second.stop();
});
