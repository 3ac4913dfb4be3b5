/** Rights to open answers that come by a link to one invoice; and that ends are announced, so that no process has to wait for its next look. */
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProblemError } from '../../core/errors.ts';
import { CredentialWatch, type Right } from '../../platform/access/credential-watch.ts';
import { endSession, endSessionsOf, openSession } from '../../platform/access/sessions.ts';
import type { InvoiceLink } from '../../schemas/http/invoice-links.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';
import { eventually } from '../support/eventually.ts';

let billing: TestBilling;
let invoice: string;
let watch: CredentialWatch;
beforeAll(async () => {
  billing = await openTestBilling();
  await billing.setUp('acme');
  await billing.use([{ customer: 'acme', time: '2026-10-05T00:10:00Z', quantity: '3' }]);
  invoice = (await billing.bill('acme', '2026-10')).id;
  watch = new CredentialWatch({ ...billing.platform, logger: pino({ level: 'silent' }) });
});
afterAll(async () => {
  await watch?.close();
  await billing?.close();
});

const shared = (days: number) => billing.ok<InvoiceLink>('POST', `/v1/invoices/${invoice}/links`, { days });
const hold = ({ id }: InvoiceLink): Right =>
  watch.hold({ name: `link ${id}`, address: '127.0.0.1', means: 'link', linkId: id, role: 'link', customer: 'acme', invoice });

/** The problem of a right that has ended, and of no other. */
async function endOf({ ended }: Right): Promise<ProblemError> {
  await eventually('the right has ended', async () => ended.aborted);
  expect(ended.reason).toBeInstanceOf(ProblemError);
  return ended.reason as ProblemError;
}

describe('the right that a link gives', () => {
  it('ends when the link is taken back, and no other does', async () => {
    const [taken, left] = [await shared(30), await shared(30)];
    const [right, other] = [hold(taken), hold(left)];
    expect((await billing.call('DELETE', `/v1/invoices/${invoice}/links/${taken.id}`)).status).toBe(204);
    expect((await endOf(right)).code).toBe('invoice_link_invalid');
    expect(other.ended.aborted).toBe(false);
    other.release();
  });

  it('ends when the link expires, and is not told to who has let go of it', async () => {
    const link = await shared(1);
    const [right, released] = [hold(link), hold(link)];
    released.release();
    billing.time.now = '2026-12-07T12:00:00Z';
    expect((await endOf(right)).code).toBe('invoice_link_invalid');
    expect(released.ended.aborted).toBe(false);
  });
});

describe('the end of a session', () => {
  const origin = { address: '127.0.0.1', userAgent: 'test' };

  it('is announced in whatever way it comes, with the transaction', async () => {
    const { postgres } = billing.platform;
    let heard = 0;
    const unlisten = await postgres.listen('access', () => (heard += 1));
    const now = new Date();
    const { rows } = await postgres.query<{ id: string }>(
      `INSERT INTO users (email, name, role, created_at, created_by) VALUES ('ada@example.com', 'Ada', 'analyst', $1, 'test') RETURNING user_id::text AS id`,
      [now.toISOString()],
    );
    const userId = rows[0]?.id ?? '';
    const token = await openSession(postgres, now, { userId, origin });
    expect(heard).toBe(0);
    await openSession(postgres, now, { userId, origin, replaces: token });
    await eventually('replacing it was heard of', async () => heard === 1);
    const session = await postgres.query<{ id: string }>('SELECT session_id::text AS id FROM sessions WHERE user_id = $1', [userId]);
    await postgres.transaction((transaction) => endSession(transaction, session.rows[0]?.id ?? ''));
    await eventually('ending it was heard of', async () => heard === 2);
    await endSessionsOf(postgres, userId);
    await eventually('ending all of them was heard of', async () => heard === 3);
    await unlisten();
  });
});
