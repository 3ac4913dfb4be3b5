/**
 * HTML in every text that a person or a machine can set and a page shows: it stands there as it was written, no element of it is in the page,
 * and nothing of it runs.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CreatedApiKey } from '../../schemas/http/api-keys.ts';
import type { BillingRun } from '../../schemas/http/billing-runs.ts';
import type { Mapping } from '../../schemas/http/imports.ts';
import type { InvoiceLink } from '../../schemas/http/invoice-links.ts';
import type { InvoiceSummary } from '../../schemas/http/invoice-life.ts';
import type { UserLink } from '../../schemas/http/users.ts';
import { chromiumAvailable, launchChromium } from '../support/chromium.ts';
import { dropFile, openWindow, signIn } from '../support/dashboard.ts';
import { connectEmbedded } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';

/** Runs where it is taken for HTML, and names what was. */
const marked = (field: string) => `<img src=x onerror="window.taken='${field}'"><b class="taken">${field}</b>`;
/** As a cell of a CSV. */
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const CUSTOMER = '<script>window.taken=1</script>';
const METER = '<u class="taken">calls</u>';
const COLUMN = '<i class="taken">column</i>';
const BROWSER = '<b class="taken">browser</b>';
const HEADER = `id,customer,time,meter,quantity,note,${quoted(COLUMN)}\n`;
const lineOf = (id: string, day: string, quantity: string) =>
  `${id},${CUSTOMER},${day}T10:00:00Z,${quoted(METER)},${quantity},${quoted(marked('note'))},${quoted(marked('value'))}\n`;
const MAPPING: Mapping = {
  id: 'id',
  customer: 'customer',
  time: 'time',
  measures: [{ meter: { column: 'meter' }, quantity: 'quantity' }],
  properties: ['note', COLUMN],
};
const PASSWORD = 'seven blue kettles sing';

interface World {
  import: string;
  invoice: string;
  voided: string;
  creditNote: string;
  shared: string;
  /** Where a person of the customer chooses a password. */
  invitation: string;
}

type Send = <Answer = unknown>(method: string, path: string, body?: object) => Promise<Answer>;

async function fill(tallyline: Tallyline): Promise<World> {
  const sendAs =
    (authorization: string): Send =>
    (method, path, body) =>
      tallyline.json(path, {
        method,
        headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
  const { key } = await sendAs(`Bearer ${tallyline.key}`)<CreatedApiKey>('POST', '/v1/api-keys', { name: marked('key'), role: 'admin' });
  // All that follows was done by it.
  const send = sendAs(`Bearer ${key}`);
  const imports = await sendUsage({
    ...tallyline,
    json: (path, init) => tallyline.json(path, { ...init, headers: { ...init?.headers, authorization: `Bearer ${key}` } }),
  });
  await setUp(send);
  const billed = await bill(send);
  await send('POST', `/v1/imports/${imports.toUndo}/undo`);
  await send('POST', '/v1/users', { email: 'ada@example.com', name: marked('user'), role: 'analyst' });
  const person = { email: 'bo@example.com', name: marked('person'), role: 'customer', customer: CUSTOMER };
  const { link } = await send<{ link: UserLink }>('POST', '/v1/users', person);
  await keepLetter(tallyline);
  return { import: imports.first, ...billed, invitation: link.url };
}

async function sendUsage(as: Tallyline): Promise<{ first: string; toUndo: string }> {
  const bad = `bad,${CUSTOMER},${quoted(marked('time'))},m,3,,\n`;
  const january = HEADER + lineOf('1', '2026-01-05', '3') + lineOf('2', '2026-02-05', '4') + bad;
  const { id } = await importFile(as, january, { name: `${marked('import')}.csv`, mapping: MAPPING });
  // Another version of an event.
  await importFile(as, HEADER + lineOf('1', '2026-01-05', '9'), { name: `${marked('version')}.csv`, mapping: MAPPING });
  const undone = await importFile(as, HEADER + lineOf('3', '2026-03-05', '1'), { name: `${marked('undone')}.csv`, mapping: MAPPING });
  return { first: id, toUndo: undone.id };
}

async function setUp(send: Send): Promise<void> {
  const mapping = { customer: 'customer', time: 'time', measures: [{ meter: { column: 'meter' }, quantity: COLUMN }] };
  await send('PUT', `/v1/profiles/${encodeURIComponent(marked('profile'))}`, mapping);
  await send('PUT', `/v1/meters/${encodeURIComponent(METER)}`, { name: marked('meter'), unit: '<i class="taken">u</i>' });
  await send('PUT', '/v1/plans/marked', {
    name: marked('plan'),
    currency: 'USD',
    prices: [
      { meter: METER, model: 'per_unit', unitPrice: '2' },
      { model: 'flat', amount: '1', description: marked('price') },
    ],
  });
  await send('PUT', `/v1/customers/${encodeURIComponent(CUSTOMER)}`, {
    name: marked('customer'),
    currency: 'USD',
    timeZone: 'UTC',
    plan: 'marked',
    invoiceDetails: { address: marked('recipient') },
  });
  await send('PUT', '/v1/settings', {
    seller: { name: marked('seller'), address: [marked('address')], paymentTerms: marked('terms') },
  });
}

/** January is final, with a credit note and a link; February is void. */
async function bill(send: Send): Promise<Omit<World, 'import' | 'invitation'>> {
  const finalInvoice = async (period: string): Promise<string> => {
    const { id } = await send<BillingRun>('POST', '/v1/billing-runs', { period, customers: [CUSTOMER] });
    await eventually(`${period} is billed`, async () => (await send<BillingRun>('GET', `/v1/billing-runs/${id}`)).state === 'done');
    const { items } = await send<{ items: InvoiceSummary[] }>('GET', `/v1/invoices?period=${period}`);
    await send('POST', `/v1/invoices/${items[0]?.id ?? ''}/finalize`, { force: { reason: marked('forced') } });
    return items[0]?.id ?? '';
  };
  const [invoice, voided] = [await finalInvoice('2026-01'), await finalInvoice('2026-02')];
  await send('POST', `/v1/invoices/${voided}/void`, { reason: marked('void') });
  const lines = [{ n: 1, quantity: '1', amount: '2.00' }];
  const note = await send<{ id: string }>('POST', `/v1/invoices/${invoice}/credit-notes`, { reason: marked('credit'), lines });
  const { url } = await send<InvoiceLink>('POST', `/v1/invoices/${invoice}/links`, { days: 2 });
  return { invoice, voided, creditNote: note.id, shared: new URL(url ?? '').hash };
}

/** As the log of events may hold it that others can write to. */
async function keepLetter({ dataDirectory }: Tallyline): Promise<void> {
  const postgres = await connectEmbedded(dataDirectory);
  await postgres.query(
    `INSERT INTO dead_letters (epoch, partition, "offset", idx, code, message, payload) VALUES (99, 0, 1, 0, 'invalid_json', $1, $2)`,
    [marked('message'), marked('letter')],
  );
  await postgres.end();
}

describe.skipIf(!chromiumAvailable)('HTML in text', () => {
  let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
  let tallyline: Tallyline;
  let browser: Browser;
  let world: World;
  let staff: Page;
  let customer: Page;
  let stranger: Page;
  const violations: string[] = [];

  const open = async (userAgent?: string): Promise<Page> => {
    const page = await openWindow(browser, tallyline, userAgent === undefined ? {} : { userAgent });
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) violations.push(`${page.url()}: ${message.text()}`);
    });
    return page;
  };

  beforeAll(async () => {
    directory = await makeDataDirectory();
    [tallyline, browser] = await Promise.all([startTallyline({ dataDirectory: directory.path }), launchChromium()]);
    world = await fill(tallyline);
    [staff, customer, stranger] = [await open(BROWSER), await open(), await open()];
    await signIn(staff, tallyline);
    const { pathname, hash } = new URL(world.invitation);
    await customer.goto(pathname + hash);
    await customer.getByLabel('New password').fill(PASSWORD);
    await customer.getByRole('button', { name: 'Choose it and sign in' }).click();
    await customer.waitForURL('**/usage**');
  });
  afterAll(async () => {
    await browser?.close();
    await tallyline?.stop();
    await directory?.remove();
  });

  /** What the page says, in its fields too, once all of `texts` stand there. */
  async function expectText(page: Page, texts: readonly string[]): Promise<void> {
    await page.getByRole('heading').first().waitFor();
    const said = () =>
      page.evaluate<string>(
        `[document.body.textContent, ...[...document.querySelectorAll('input, textarea, [title], [aria-label]')].map((one) => [one.value, one.title, one.ariaLabel].join(' '))].join('\\n')`,
      );
    await expect
      .poll(
        async () => {
          const text = await said();
          return texts.filter((one) => !text.includes(one));
        },
        { timeout: 20_000 },
      )
      .toEqual([]);
    expect(await page.evaluate('window.taken')).toBeUndefined();
    expect(
      await page.evaluate(
        `[...document.querySelectorAll('.taken, img[src="x"], [onerror], script')].filter((one) => one.localName !== 'script' || /taken/.test(one.textContent)).length`,
      ),
    ).toBe(0);
    expect(violations).toEqual([]);
  }

  async function look(page: Page, path: string, texts: readonly string[]): Promise<void> {
    violations.length = 0;
    await page.goto(path);
    await expectText(page, texts);
  }

  const asCustomer = `customer=${encodeURIComponent(CUSTOMER)}`;
  const invoice = ['customer', 'recipient', 'seller', 'address', 'price'].map(marked);
  const PAGES: [page: string | ((world: World) => string), texts: string[]][] = [
    ['/usage?range=all', [marked('customer'), METER]],
    ['/records', [marked('customer'), METER]],
    ['/imports', ['import', 'version', 'undone'].map(marked)],
    [({ import: id }) => `/imports/${id}`, [marked('import'), quoted(marked('time'))]],
    ['/imports/conflicts', [marked('version')]],
    ['/customers', [marked('customer'), CUSTOMER]],
    [`/customers?open=${encodeURIComponent(CUSTOMER)}`, ['customer', 'recipient'].map(marked)],
    ['/meters', [marked('meter'), METER]],
    [`/meters?open=${encodeURIComponent(METER)}`, [marked('meter')]],
    ['/plans', [marked('plan')]],
    ['/plans/marked', ['plan', 'price'].map(marked)],
    ['/invoices', [marked('customer')]],
    [`/invoices/preview?${asCustomer}&period=2026-01`, [marked('customer'), marked('price'), METER]],
    [({ invoice: id }) => `/invoices/${id}`, [...invoice, ...['key', 'forced'].map(marked)]],
    [({ invoice: id }) => `/invoices/${id}?line=1&day=2026-01-05&hour=${Date.UTC(2026, 0, 5, 10)}`, invoice],
    [({ voided }) => `/invoices/${voided}`, [marked('void')]],
    [({ creditNote }) => `/credit-notes/${creditNote}`, ['credit', 'seller', 'recipient'].map(marked)],
    ['/pipeline', [marked('letter')]],
    ['/settings', ['seller', 'address', 'terms'].map(marked)],
    ['/settings/keys', [marked('key')]],
    ['/settings/people', ['user', 'person'].map(marked)],
    ['/settings/account', [BROWSER]],
    ['/settings/audit', [...['key', 'user', 'void', 'forced', 'credit', 'undone'].map(marked), CUSTOMER]],
  ];

  test.each(PAGES.map(([path, texts]) => [String(path).replace(/^.*=> /, ''), path, texts] as const))(
    'is text for staff on %s',
    async (_name, path, texts) => look(staff, typeof path === 'string' ? path : path(world), texts),
  );

  test('is text in a record, with its source', async () => {
    await look(staff, '/records', [METER]);
    await staff.getByRole('table').getByRole('row').nth(1).click();
    await expectText(staff, [COLUMN, marked('note'), marked('value'), quoted(marked('value'))]);
  });

  test('is text in a file that is looked at, in the mappings to choose from, and in what is wrong with it', async () => {
    await staff.goto('/imports');
    await staff.getByRole('heading', { name: 'History' }).waitFor();
    violations.length = 0;
    await dropFile(
      staff,
      `${marked('dropped')}.csv`,
      HEADER + lineOf('9', '2026-01-09', '3') + `x,${CUSTOMER},${quoted(marked('bad'))},m,1,,\n`,
    );
    await expectText(staff, ['dropped', 'profile', 'note', 'bad'].map(marked));
  });

  test.each([
    ['/usage?range=all', [METER]],
    ['/records', [METER]],
    ['/invoices', [marked('customer')]],
  ])('is text for the customer on %s', async (path, texts) => look(customer, path, texts));

  test('is text for the customer on an invoice and on its credit note', async () => {
    await look(customer, `/invoices/${world.invoice}`, invoice);
    await look(customer, `/credit-notes/${world.creditNote}`, [marked('credit')]);
  });

  test('is text for whoever holds a link to an invoice', () => look(stranger, `/shared/invoice${world.shared}`, invoice));

  test.each(['/customers?open=', '/records?customer=', '/usage?customer=', '/plans/', '/invoices/', '/no-such-page/'])(
    'is text where an address has it: %s',
    async (path) => look(staff, path + encodeURIComponent(marked('address')), []),
  );

  test.each(['/sign-in?problem=', '/sign-in?to=', '/password#', '/shared/invoice#'])(
    'is text where the address of a stranger has it: %s',
    async (path) => look(stranger, path + encodeURIComponent(marked('address')), []),
  );
});
