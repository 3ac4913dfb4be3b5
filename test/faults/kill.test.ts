/** SIGKILL in the middle of imports: whatever the moment, the next start ends with every row once in both stores. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Import, Mapping } from '../../schemas/http/imports.ts';
import type { Usage } from '../../schemas/http/usage.ts';
import { addDecimals } from '../../core/decimal.ts';
import { countRecords } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';
import { killAll, processesUnder } from '../support/processes.ts';
import { seededRandom, testSeed } from '../support/random.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';

const ROWS = 200_000;
const SEED = testSeed();
const MAPPING: Mapping = {
  id: 'id',
  customer: 'customer',
  time: 'time',
  measures: [{ meter: { const: 'requests' }, quantity: 'quantity' }],
};

/** Where in the import's life the process dies: how far the stage named has come. */
const POINTS = ['published 1', 'published 60000', 'accepted 1', 'accepted 90000', 'settling'] as const;

let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
beforeAll(async () => {
  directory = await makeDataDirectory();
});
afterAll(() => directory.remove());

function makeFile(round: number): { text: string; total: string } {
  const random = seededRandom(SEED + round);
  let total = 0n;
  const rows = Array.from({ length: ROWS }, (_, n) => {
    const milli = Math.floor(random() * 1_000_000);
    total += BigInt(milli);
    const day = 1 + Math.floor(random() * 28);
    const time = `2026-0${1 + (round % 3)}-${String(day).padStart(2, '0')}T${String(n % 24).padStart(2, '0')}:00:00Z`;
    return `r${round}-${n},customer-${Math.floor(random() * 300)},${time},${(milli / 1000).toFixed(3)}\n`;
  });
  return { text: `id,customer,time,quantity\n${rows.join('')}`, total: decimalOfMilli(total) };
}

function decimalOfMilli(milli: bigint): string {
  return addDecimals(`${milli / 1000n}.${String(milli % 1000n).padStart(3, '0')}`, '0');
}

async function reached(tallyline: Tallyline, id: string, point: (typeof POINTS)[number]): Promise<boolean> {
  const view = await tallyline.json<Import>(`/v1/imports/${id}`);
  const [stage, amount] = point.split(' ');
  if (view.status === 'complete' || view.status === 'settling') return true;
  return stage !== 'settling' && view.events[stage as 'published' | 'accepted'] >= Number(amount);
}

test.each(POINTS.map((point, round) => ({ point, round })))(
  `killed at "$point", nothing is lost and nothing doubled (TALLYLINE_TEST_SEED=${SEED})`,
  async ({ point, round }) => {
    const { text, total } = makeFile(round);
    const first = await startTallyline({ dataDirectory: directory.path });
    const before = await totals(first);
    const { id } = await importFile(first, text, { name: `round-${round}.csv`, mapping: MAPPING, wait: false });
    await eventually(`the import reaches "${point}"`, () => reached(first, id, point));
    await first.kill();
    // Every other time Postgres dies with it, as when the machine goes down; else it is found running and ended by the next start.
    if (round % 2 === 1) await killAll(await processesUnder(directory.path));

    const second = await startTallyline({ dataDirectory: directory.path });
    const done = await eventually('the import completes', async () => {
      const view = await second.json<Import>(`/v1/imports/${id}`);
      return (view.status === 'complete' || view.status === 'failed') && view;
    });
    expect(done).toMatchObject({
      status: 'complete',
      rows: { read: ROWS, new: ROWS, known: 0, conflict: 0, rejected: 0 },
      events: { published: ROWS, accepted: ROWS, duplicate: 0, conflict: 0, dead: 0 },
    });
    const after = await totals(second);
    expect(after).toEqual({ events: before.events + ROWS, quantity: addDecimals(before.quantity, total) });
    expect(await countRecords(directory.path)).toEqual({ rows: String(after.events), quantity: after.quantity });
    await second.stop();
  },
);

async function totals(tallyline: Tallyline): Promise<{ events: number; quantity: string }> {
  const usage = await tallyline.json<Usage>('/v1/usage?from=2026-01-01T00:00:00Z&to=2026-06-01T00:00:00Z&grain=month');
  return { events: usage.total[0]?.events ?? 0, quantity: usage.total[0]?.quantity ?? '0' };
}
