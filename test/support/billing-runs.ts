/** Billing runs of the real program, to their end, and what keeps their drafts from becoming final. */
import type { BillingRun } from '../../schemas/http/billing-runs.ts';
import type { Reconciliation, ReconciliationCell } from '../../schemas/http/reconciliation.ts';
import { connectEmbedded } from './embedded-postgres.ts';
import { eventually } from './eventually.ts';
import type { Tallyline } from './tallyline.ts';

export async function makeDrafts(tallyline: Pick<Tallyline, 'json'>, period: string): Promise<BillingRun> {
  const { id } = await tallyline.json<BillingRun>('/v1/billing-runs', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ period }),
  });
  return eventually(`the drafts of ${period} are made`, async () => {
    const run = await tallyline.json<BillingRun>(`/v1/billing-runs/${id}`);
    return run.state === 'done' && run;
  });
}

/** Takes an event of the sample data from one store alone, and waits until that has been found. */
export async function damageHour(tallyline: Pick<Tallyline, 'json' | 'dataDirectory'>): Promise<ReconciliationCell[]> {
  const client = await connectEmbedded(tallyline.dataDirectory);
  await client.query(`DELETE FROM usage_records WHERE ctid = (SELECT ctid FROM usage_records WHERE meter = 'vm_seconds' LIMIT 1)`);
  await client.end();
  await tallyline.json('/v1/reconciliation/run', { method: 'POST' });
  const red = await eventually('an hour differs', async () => {
    const found = await tallyline.json<Reconciliation>('/v1/reconciliation?state=differs');
    return found.state === 'red' && found;
  });
  return red.cells;
}
