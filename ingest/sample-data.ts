/** The sample data: three real usage files, a plan to price them by, and customers on it. Loading it again changes nothing. */
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeAudit } from '../platform/access/audit.ts';
import type { Actor } from '../platform/access/caller.ts';
import type { Platform } from '../platform/platform.ts';
import type { Queryable } from '../platform/postgres/postgres.ts';
import type { Mapping } from '../schemas/http/imports.ts';
import type { PlanDefinition } from '../schemas/http/plans.ts';
import { acceptUpload, type AcceptOptions } from './accept.ts';
import type { Leases } from './leases.ts';

const SAMPLES: readonly { file: string; mapping: Mapping }[] = [
  {
    file: 'azure_llm_inference_code.csv',
    mapping: {
      customer: { const: 'acme-ai' },
      time: 'TIMESTAMP',
      timeZone: 'UTC',
      measures: [
        { meter: { const: 'context_tokens' }, quantity: 'ContextTokens' },
        { meter: { const: 'generated_tokens' }, quantity: 'GeneratedTokens' },
      ],
    },
  },
  {
    file: 'azure_vm_noise_fio.csv',
    mapping: { customer: 'VM_id', time: 'starttime', timeZone: 'UTC', measures: [{ meter: { const: 'vm_seconds' }, quantity: 'runtime' }] },
  },
  {
    file: 'focus_sample.csv',
    mapping: {
      id: 'Id',
      customer: 'SubAccountId',
      time: 'ChargePeriodStart',
      timeZone: 'UTC',
      measures: [{ meter: { column: 'ServiceName' }, quantity: 'BilledCost' }],
      nullTokens: ['', 'NULL'],
    },
  },
];

const PLAN_ID = 'sample-plan';
const PLAN: PlanDefinition = {
  name: 'Sample plan',
  currency: 'USD',
  prices: [
    { meter: 'context_tokens', model: 'per_unit', unitPrice: '0.0000004' },
    { meter: 'generated_tokens', model: 'per_unit', unitPrice: '0.0000012', included: '100000' },
    {
      meter: 'vm_seconds',
      model: 'graduated',
      tiers: [
        { upTo: '1000', unitPrice: '0.0005' },
        { upTo: null, unitPrice: '0.0004' },
      ],
    },
  ],
};
const CUSTOMERS: readonly { id: string; name: string }[] = [
  { id: 'acme-ai', name: 'Acme AI' },
  { id: '0', name: 'VM 0' },
  { id: '1', name: 'VM 1' },
  { id: '2', name: 'VM 2' },
];

const UNITS: Readonly<Record<string, string>> = { context_tokens: 'tokens', generated_tokens: 'tokens', vm_seconds: 's' };

/** Answers the ids of the imports. What is already set up under these names is left as it is. */
export async function loadSampleData(platform: Platform, leases: Leases, by: Actor, limits: AcceptOptions['limits']): Promise<string[]> {
  await platform.postgres.transaction(async (transaction) => {
    await setUpBilling(transaction);
    const files = SAMPLES.map(({ file }) => file);
    await writeAudit(transaction, { at: platform.clock.now(), by, what: 'sample-data.loaded', subject: 'sample-data', details: { files } });
  });
  const ids: string[] = [];
  for (const { file, mapping } of SAMPLES) {
    const stream = createReadStream(fileURLToPath(new URL(`samples/${file}`, import.meta.url)));
    ids.push(
      await acceptUpload(
        platform,
        leases,
        { stream },
        { name: file, createdBy: by.name, idempotencyKey: undefined, reading: { mapping: JSON.stringify(mapping) }, limits },
      ),
    );
  }
  return ids;
}

async function setUpBilling(postgres: Queryable): Promise<void> {
  const { currency } = PLAN;
  // Two that load at the same time: the second waits for the first here, and leaves its version as it is.
  await postgres.query(
    `INSERT INTO plan_versions (plan_id, version, definition) SELECT $1, coalesce(max(version), 0) + 1, $2 FROM plan_versions WHERE plan_id = $1
     HAVING NOT EXISTS (SELECT FROM plans WHERE id = $1) ON CONFLICT DO NOTHING`,
    [PLAN_ID, JSON.stringify(PLAN)],
  );
  await postgres.query(
    `INSERT INTO plans (id, currency, version) SELECT $1, $2, max(version) FROM plan_versions WHERE plan_id = $1 ON CONFLICT DO NOTHING`,
    [PLAN_ID, currency],
  );
  for (const [meter, unit] of Object.entries(UNITS)) {
    await postgres.query(
      `INSERT INTO meters (key, unit, updated_at) VALUES ($1, $2, now())
       ON CONFLICT (key) DO UPDATE SET unit = $2, updated_at = now() WHERE meters.updated_at IS NULL`,
      [meter, unit],
    );
  }
  for (const customer of CUSTOMERS) {
    await postgres.query(
      `WITH assigned AS (
         INSERT INTO customers (id, name, currency, time_zone, updated_at) VALUES ($1, $2, $3, 'UTC', now())
         ON CONFLICT (id) DO UPDATE SET name = $2, currency = $3, time_zone = 'UTC', updated_at = now() WHERE customers.updated_at IS NULL
         RETURNING id)
       INSERT INTO customer_plans (customer_id, n, plan_id) SELECT id, 0, $4 FROM assigned ON CONFLICT DO NOTHING`,
      [customer.id, customer.name, currency, PLAN_ID],
    );
  }
}
