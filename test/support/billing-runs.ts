/** Billing runs of the real program, to their end. */
import type { BillingRun } from '../../schemas/http/billing-runs.ts';
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
