/** People and keys of the pictures: who has come in, who is invited, and a key of a program. */
import type { Page } from 'playwright-core';
import type { InvoiceLink } from '../../schemas/http/invoice-links.ts';
import type { InvitedUser } from '../../schemas/http/users.ts';
import type { Tallyline } from '../../test/support/tallyline.ts';

const ADA = 'ada@acme.example';
const PASSWORD = 'seven blue kettles sing';

/** Answers the path of a page that shows the invoice to whoever has it. */
export async function makePeople(tallyline: Tallyline, invoice: string): Promise<string> {
  const send = <Answer>(path: string, body: object) =>
    tallyline.json<Answer>(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  await send('/v1/users', { email: 'mara@example.com', name: 'Mara Lindt', role: 'admin' });
  await send('/v1/users', { email: 'jon@example.com', name: 'Jon Okafor', role: 'analyst' });
  const { link } = await send<InvitedUser>('/v1/users', { email: ADA, name: 'Ada Acme', role: 'customer', customer: 'acme-ai' });
  await fetch(`${tallyline.url}/v1/password`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: link.url.split('#')[1], password: PASSWORD }),
  });
  await send('/v1/api-keys', { name: 'metering gateway', role: 'ingest' });
  await send('/v1/api-keys', { name: 'data warehouse', role: 'analyst', expiresAt: '2030-01-01T00:00:00Z' });
  const { url } = await send<InvoiceLink>(`/v1/invoices/${invoice}/links`, { days: 30 });
  if (url === null) throw new Error('the link was not shown');
  return new URL(url).pathname + new URL(url).hash;
}

/** From here on, the window is Ada's. */
export async function becomeCustomer(page: Page): Promise<void> {
  await page.context().clearCookies();
  await page.goto('/sign-in');
  await page.getByLabel('E-mail address').fill(ADA);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL('**/usage**');
}
