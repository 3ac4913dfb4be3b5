/** The audit log is written with the act: not without it, and no act without it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../schemas/http/access.ts';
import type { CreatedApiKey } from '../../schemas/http/api-keys.ts';
import type { Problem } from '../../schemas/http/common.ts';
import { type Act, prepareActs } from '../support/audited-acts.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';

let billing: TestBilling;
let key: CreatedApiKey;
let acts: Record<string, Act>;

const entries = async (): Promise<AuditEntry[]> =>
  (await billing.ok<{ items: AuditEntry[] }>('GET', '/v1/audit?limit=1000&who=key%20%22operator%22')).items;
const perform = ({ method, url, body }: Pick<Act, 'method' | 'url' | 'body'>) =>
  billing.call(method, url, body, { authorization: `Bearer ${key.key}` });

/** Everything that is kept, but for the log of events: what is replayed twice counts once. */
async function everything(): Promise<Record<string, string>> {
  const { rows } = await billing.platform.postgres.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_name NOT LIKE '%log%' ORDER BY 1`,
  );
  const kept: Record<string, string> = {};
  for (const { name } of rows) {
    const { rows: found } = await billing.platform.postgres.query<{ content: string }>(
      `SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '') AS content FROM ${name} AS t`,
    );
    kept[name] = found[0]?.content ?? '';
  }
  return kept;
}

beforeAll(async () => {
  billing = await openTestBilling();
  key = await billing.ok<CreatedApiKey>('POST', '/v1/api-keys', { name: 'operator', role: 'admin' });
  acts = await prepareActs(billing);
});
afterAll(() => billing?.close());

describe('the audit log', () => {
  it('has every act: who, what, on which object, when, and from where; and none happens without its entry', async () => {
    // The clock of the tests stands still: the key is noted as used by the first call, and by none after it.
    expect((await perform({ method: 'PUT', url: '/v1/meters/requests', body: {} })).status).toBe(200);
    const { postgres } = billing.platform;
    await postgres.query(
      `CREATE FUNCTION lose_entry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the entry is lost'; END $$`,
    );
    await postgres.query('CREATE TRIGGER lose_entry BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION lose_entry()');
    const before = await everything();
    for (const [name, act] of Object.entries(acts)) {
      const { status, body } = await perform(act);
      expect([name, status, (body as Problem).code]).toEqual([name, 500, 'internal']);
      expect([name, await everything()]).toEqual([name, before]);
    }
    await postgres.query('DROP TRIGGER lose_entry ON audit_entries');

    for (const [name, act] of Object.entries(acts)) {
      const [known, answer] = [await entries(), await perform(act)];
      expect([name, answer.status < 300, answer.status < 300 ? '' : answer.text]).toEqual([name, true, '']);
      const [entry, ...rest] = await entries();
      expect([name, rest]).toEqual([name, known]);
      expect(entry).toMatchObject({
        who: 'key "operator"',
        address: '127.0.0.1',
        at: '2026-12-05T12:00:00Z',
        what: act.what,
        subject: typeof act.subject === 'string' ? act.subject : (expect.stringMatching(act.subject) as string),
        reason: act.reason ?? null,
        details: act.details ?? {},
      });
    }
  });

  it('has an act once, however often it is asked for', async () => {
    const known = await entries();
    const repeatable = Object.entries(acts).filter(([, { isRepeatable }]) => isRepeatable === true);
    for (const [name, act] of repeatable) {
      const { status, text } = await perform(act);
      expect([name, status < 300, status < 300 ? '' : text]).toEqual([name, true, '']);
      expect([name, await entries()]).toEqual([name, known]);
    }
  });

  it('has none of what was refused', async () => {
    const { items } = await billing.ok<{ items: { id: string; status: string }[] }>('GET', '/v1/invoices?customer=voided');
    const voided = items.find(({ status }) => status === 'void')?.id ?? '';
    const known = await entries();
    const refused: [Act['method'], string, object | undefined, number][] = [
      ['POST', `/v1/invoices/${voided}/finalize`, {}, 409],
      ['POST', `/v1/invoices/${voided}/credit-notes`, { full: true, reason: 'x' }, 409],
      ['POST', '/v1/invoices/999/void', { reason: 'x' }, 404],
      ['DELETE', '/v1/plans/plan-drafted', undefined, 409],
      ['PUT', '/v1/plans/plan-drafted', { name: 'Plan', currency: 'EUR', prices: [] }, 422],
      ['PUT', '/v1/customers/drafted', { plan: 'nowhere' }, 422],
      ['PUT', '/v1/settings', { defaults: { plan: 'nowhere' } }, 422],
      ['PUT', '/v1/meters/requests', { aggregation: 'unique' }, 422],
      ['POST', '/v1/api-keys', { name: 'new', role: 'admin' }, 409],
      ['POST', '/v1/billing-runs', { period: '2026-09', customers: ['nobody'] }, 422],
      ['POST', acts['a conflict is decided']?.url ?? '', { keep: 'this' }, 409],
      ['POST', '/v1/dead-letters/999/replay', undefined, 404],
      ['POST', '/v1/reconciliation/run?from=2026-10-02T00:00:00Z&to=2026-10-01T00:00:00Z', undefined, 422],
    ];
    for (const [method, url, body, status] of refused)
      expect([url, (await perform({ method, url, ...(body === undefined ? {} : { body }) })).status]).toEqual([url, status]);
    expect(await entries()).toEqual(known);
  });
});
