/** A real installation to be fuzzed: sample data, a month that is billed, one invoice of it final, and a caller of every role. */
import type { BillingRun } from '../../schemas/http/billing-runs.ts';
import type { InvoiceSummary } from '../../schemas/http/invoice-life.ts';
import { systemClock } from '../../platform/clock.ts';
import { signInvoiceLink } from '../../platform/access/invoice-links.ts';
import { hashToken } from '../../platform/access/tokens.ts';
import { connectPostgres } from '../../platform/postgres/pg-driver.ts';
import pino from 'pino';
import { embeddedConnection } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';
import type { Known } from './operations.ts';

const CUSTOMER = 'fuzzed & co';
const METER = 'calls/made';
const PERIOD = '2026-01';

export interface Installation {
  readonly tallyline: Tallyline;
  readonly known: Known;
  /** Headers by role; `nobody` has none, `wrong` such as do not work. */
  readonly credentials: Readonly<Record<string, Record<string, string>>>;
  close(): Promise<void>;
}

export async function openInstallation(): Promise<Installation> {
  const directory = await makeDataDirectory('tallyline-fuzz-');
  const tallyline = await startTallyline({ dataDirectory: directory.path });
  const close = async () => {
    await tallyline.stop();
    await directory.remove();
  };
  try {
    const invoices = await bill(tallyline);
    const credentials = await makeCredentials(tallyline, invoices[0] ?? '');
    const { items: records } = await tallyline.json<{ items: { key: string }[] }>('/v1/records?limit=3');
    return { tallyline, credentials, known: { ...KNOWN, invoices, records: records.map(({ key }) => key) }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const KNOWN: Known = {
  customers: [CUSTOMER, 'nobody'],
  customer: [CUSTOMER, 'nobody'],
  meters: [METER],
  meter: [METER],
  plans: ['fuzzed-plan'],
  plan: ['fuzzed-plan'],
  imports: ['1', '2'],
  'billing-runs': ['1'],
  'credit-notes': ['1'],
  conflicts: ['1'],
  'dead-letters': ['1'],
  profiles: ['profile', 'aws-cur'],
  // Of lines, versions, keys, users, links and sessions.
  id: ['1', '2'],
  n: ['1', '2'],
  from: ['2026-01-01T00:00:00Z', '2026-01-05T03:00:00Z'],
  to: ['2026-02-01T00:00:00Z', '2026-01-06T00:00:00Z'],
  day: ['2026-01-05'],
  hour: ['2026-01-05T03:00:00Z'],
  start: ['2026-01-05T03:00:00Z'],
  period: [PERIOD],
  timeZone: ['UTC', 'America/St_Johns'],
  subject: ['invoice/1'],
};

/** Answers the ids of the invoices, the final one first. */
async function bill(tallyline: Tallyline): Promise<string[]> {
  const send = (method: string, path: string, body: object) =>
    tallyline.json<unknown>(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  await send('PUT', '/v1/settings', { seller: { name: 'Fuzzed' } });
  await send('PUT', '/v1/plans/fuzzed-plan', {
    name: 'Fuzzed',
    currency: 'EUR',
    prices: [{ meter: METER, model: 'per_unit', unitPrice: '0.15' }],
  });
  for (const n of [1, 2])
    await importFile(
      tallyline,
      `id,customer,time,meter,quantity\nf${n},${CUSTOMER},2026-01-05T03:10:00Z,${METER},${n}\nf0,${CUSTOMER},2026-01-06T03:10:00Z,${METER},${n}\nbad,,,,\n`,
      { name: `fuzzed-${n}.csv` },
    );
  await send('PUT', `/v1/customers/${encodeURIComponent(CUSTOMER)}`, { name: 'F', currency: 'EUR', timeZone: 'UTC', plan: 'fuzzed-plan' });
  const run = (await send('POST', '/v1/billing-runs', { period: PERIOD })) as BillingRun;
  await eventually('the month is billed', async () => (await tallyline.json<BillingRun>(`/v1/billing-runs/${run.id}`)).state === 'done');
  const drafts = await tallyline.json<{ items: InvoiceSummary[] }>('/v1/invoices');
  const ids = drafts.items.map(({ id }) => id);
  await tallyline.fetch(`/v1/invoices/${ids[0] ?? ''}/finalize`, { method: 'POST' });
  return ids;
}

async function makeCredentials(tallyline: Tallyline, invoice: string): Promise<Installation['credentials']> {
  const logger = pino({ level: 'silent' });
  const connection = await embeddedConnection(tallyline.dataDirectory);
  const postgres = connectPostgres({ connection, poolSize: 1, applicationName: 'tallyline-fuzz', logger });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  try {
    const keys = ['analyst', 'ingest', 'customer'].map((role) => ({ role, key: `tallyline_${role.padEnd(43, '0')}` }));
    for (const { role, key } of keys)
      await postgres.query(
        `INSERT INTO api_keys (name, prefix, key_hash, role, customer, created_at, created_by) VALUES ($1, $2, $3, $1, $4, now(), 'fuzz')`,
        [role, key.slice(0, 14), hashToken(key), role === 'customer' ? CUSTOMER : null],
      );
    const { rows } = await postgres.query<{ id: string; expiresAt: string }>(
      `INSERT INTO invoice_links (invoice_id, created_at, created_by, expires_at)
       VALUES ($1, now(), 'fuzz', date_trunc('second', now()) + interval '1 day')
       RETURNING link_id::text AS id, expires_at AS "expiresAt"`,
      [invoice],
    );
    const [link] = rows;
    if (link === undefined) throw new Error('there is no invoice to link to');
    return {
      admin: bearer(tallyline.key),
      ...Object.fromEntries(keys.map(({ role, key }) => [role, bearer(key)])),
      link: bearer(await signInvoiceLink(postgres, link)),
      nobody: {},
      wrong: bearer(`wrong-at-${systemClock.now().getTime()}`),
    };
  } finally {
    await postgres.close();
  }
}
