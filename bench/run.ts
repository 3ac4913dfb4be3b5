/**
 * `npm run bench [-- --part imports|billing|reading|dashboard|live --rows N --customers N --events N --megabytes N]`: the running program in embedded mode,
 * each part beside the floor of the same machine in the same minutes. Only full sizes are written to docs/benchmarks.md.
 */
import { parseArgs } from 'node:util';
import { benchBilling } from './billing.ts';
import { benchImports } from './imports.ts';
import { benchDashboard } from './dashboard.ts';
import { benchLive } from './live.ts';
import { benchReading } from './reading.ts';
import { describeMachine, loadNow, writeSection } from './report.ts';

/** `megabytes`: more may be asked for, and is written down as well: 10,000 take an hour. */
const FULL = { rows: 1_000_000, customers: 1_000, events: 5_000_000, megabytes: 1_000 };

const { values } = parseArgs({
  options: {
    part: { type: 'string' },
    rows: { type: 'string' },
    customers: { type: 'string' },
    events: { type: 'string' },
    megabytes: { type: 'string' },
  },
});
const PARTS = ['imports', 'billing', 'reading', 'dashboard', 'live'];
const parts = values.part === undefined ? PARTS : [values.part];
if (!parts.every((part) => PARTS.includes(part))) throw new Error(`--part takes ${PARTS.join(', ')}`);
const rows = sizeOf('rows', 1_000);
const megabytes = sizeOf('megabytes', 1);
const usage = { customers: sizeOf('customers', 20), events: sizeOf('events', 1_000) };

const isFullUsage = usage.customers === FULL.customers && usage.events === FULL.events;
if (parts.includes('imports')) await run('Imports', () => benchImports(rows), rows === FULL.rows);
if (parts.includes('billing')) await run('Billing', () => benchBilling(usage), isFullUsage);
if (parts.includes('dashboard')) await run('Dashboard', () => benchDashboard(usage), isFullUsage);
if (parts.includes('live')) await run('Live', () => benchLive(rows), rows === FULL.rows);
if (parts.includes('reading')) await run('Reading', () => benchReading(megabytes), megabytes >= FULL.megabytes);

function sizeOf(name: keyof typeof FULL, least: number): number {
  const size = Number(values[name] ?? FULL[name]);
  if (!Number.isSafeInteger(size) || size < least) throw new Error(`--${name} takes a whole number from ${least}`);
  return size;
}

async function run(title: string, measure: () => Promise<string[]>, isFull: boolean): Promise<void> {
  const before = loadNow();
  const lines = await measure();
  const load = `Load average of the machine: ${before} when it began, ${loadNow()} when it ended, this benchmark's own included.`;
  console.log(['', load, '', ...lines].join('\n'));
  const command = `npm run bench -- --part ${title.toLowerCase()}`;
  if (isFull) await writeSection(title, [`\`${command}\`: ${await describeMachine()} ${load}`, '', ...lines]);
}
