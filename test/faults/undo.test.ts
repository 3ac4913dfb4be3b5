/** SIGKILL in the middle of an undo: whatever the moment, the next start ends it, and what other imports justify is left. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Import, Mapping } from '../../schemas/http/imports.ts';
import type { Pipeline } from '../../schemas/http/operations.ts';
import type { Static } from 'typebox';
import { countRecords } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { importFile, usageTotals } from '../support/imports.ts';
import { killAll, processesUnder } from '../support/processes.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';

const ROWS = 40_000;
/** The later import brings the second half again, and as much that is new. */
const SHARED = ROWS / 2;

/** Where in the undo the process dies. */
const POINTS = ['publishing', 'asked', 'told', 'recorded', 'rolled up in part'] as const;
type Point = (typeof POINTS)[number];

let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
beforeAll(async () => {
  directory = await makeDataDirectory();
});
afterAll(() => directory.remove());

function file(round: number, from: number, to: number): string {
  const rows = Array.from({ length: to - from }, (_, k) => {
    const n = from + k;
    return `r${round}-${n},customer-${n % 300},2026-0${1 + (n % 3)}-${String(1 + (n % 28)).padStart(2, '0')}T00:00:00Z,${n % 1000}\n`;
  });
  return `id,customer,time,quantity\n${rows.join('')}`;
}

function sum(from: number, to: number): bigint {
  let total = 0n;
  for (let n = from; n < to; n += 1) total += BigInt(n % 1000);
  return total;
}

async function reached(tallyline: Tallyline, id: string, point: Point): Promise<boolean> {
  if ((await tallyline.json<Import>(`/v1/imports/${id}`)).status === 'undone' || point === 'publishing' || point === 'asked') return true;
  const { partitions } = await tallyline.json<Static<typeof Pipeline>>('/v1/pipeline');
  const behind = (consumer: 'records' | 'rollups') => partitions.filter(({ lag }) => lag[consumer] > 0).length;
  if (point === 'told') return behind('records') > 0;
  return point === 'recorded' ? behind('records') === 0 && behind('rollups') > 0 : behind('rollups') === 1;
}

let kept = { rows: 0, total: 0n };

test.each(POINTS.map((point, round) => ({ point, round })))(
  'killed when "$point", the undo is ended by the next start',
  async ({ point, round }) => {
    const mapping: Mapping = {
      id: 'id',
      customer: 'customer',
      time: 'time',
      measures: [{ meter: { const: 'requests' }, quantity: 'quantity' }],
    };
    const first = await startTallyline({ dataDirectory: directory.path });
    const undone = await importFile(first, file(round, 0, ROWS), { mapping, wait: point !== 'publishing' });
    if (point === 'publishing') {
      await eventually('some of it is billed', async () => (await first.json<Import>(`/v1/imports/${undone.id}`)).events.accepted > 0);
    } else {
      await importFile(first, file(round, SHARED, ROWS + SHARED), { mapping });
      kept = { rows: kept.rows + ROWS, total: kept.total + sum(SHARED, ROWS + SHARED) };
    }
    await first.json(`/v1/imports/${undone.id}/undo`, { method: 'POST' });
    await eventually(`the undo reaches "${point}"`, () => reached(first, undone.id, point));
    await first.kill();
    // Every other time Postgres dies with it, as when the machine goes down; else it is found running and ended by the next start.
    if (round % 2 === 1) await killAll(await processesUnder(directory.path));

    const second = await startTallyline({ dataDirectory: directory.path });
    await eventually('the import is undone', async () => (await second.json<Import>(`/v1/imports/${undone.id}`)).status === 'undone');
    expect(await countRecords(directory.path)).toEqual({ rows: String(kept.rows), quantity: String(kept.total) });
    expect(await usageTotals(second)).toEqual(kept.rows === 0 ? {} : { requests: String(kept.total) });
    await second.stop();
  },
);
