/** Two customers in one file, line by line, and what their usage comes to in September, October, November and December. */
import { eventually } from '../eventually.ts';
import type { CallAs, Documents, Filled, Request } from './call.ts';

interface Means {
  append(payload: string): Promise<unknown>;
  bill(): Promise<void>;
}

export const SIDES = ['alder', 'birch'] as const;
export const RANGE = 'from=2025-09-01T00:00:00Z&to=2026-01-01T00:00:00Z';
/** Stands in what no customer may see, be it about whom it may. */
export const INTERNAL = 'between-us';

export const MAPPING = {
  id: 'id',
  customer: 'customer',
  time: 'time',
  measures: [{ meter: { column: 'meter' }, quantity: 'quantity' }],
  properties: 'rest',
  customerVisible: ['note'],
};
/** The first line is rejected: it has no quantity. */
export const HEADER = `id,customer,meter,time,quantity,note,cost\nx-0,birch,requests,2025-10-01T00:00:00Z,,birch-note,${INTERNAL}\n`;

/** Of imports that the key `ingest` has not sent. */
export const FOREIGN_FILES = ['later.csv', 'other-version.csv'] as const;

/** The customers take turns: each line has a neighbour of the other one. */
export function linesOf(month: string, part: string): string {
  return [1, 2, 3]
    .flatMap((day) =>
      SIDES.flatMap((side) =>
        ['requests', `${side}-meter`].map(
          (meter) =>
            `${part}-${side}-${meter}-${month}-${day},${side},${meter},${month}-0${day}T10:00:00Z,${day},${side}-note,${INTERNAL}\n`,
        ),
      ),
    )
    .join('');
}

export async function fillWorld(callAs: CallAs, means: Means): Promise<Filled> {
  const ok = okAs(callAs);
  await ok({ method: 'PUT', path: '/v1/plans/spare', body: { name: 'Spare', currency: 'USD', prices: [] } });
  await ok({ method: 'PUT', path: '/v1/profiles/kept', body: MAPPING });
  await ok({ method: 'POST', path: '/v1/reconciliation/run' });
  await ok({ method: 'POST', path: '/v1/users', body: { email: 'someone@example.com', name: 'Someone', role: 'analyst' } });
  for (const side of SIDES) {
    const prices = ['requests', `${side}-meter`].map((meter) => ({ meter, model: 'per_unit', unitPrice: '2' }));
    await ok({ method: 'PUT', path: `/v1/plans/${side}-plan`, body: { name: `${side} plan`, currency: 'USD', prices } });
    await ok({
      method: 'PUT',
      path: `/v1/customers/${side}`,
      body: { name: `${side} works`, plan: `${side}-plan`, currency: 'USD', taxRate: '10', invoiceDetails: { address: `${side} street` } },
    });
  }
  const own = await upload(callAs, 'ingest', 'usage.csv', HEADER + ['2025-09', '2025-10'].map((month) => linesOf(month, 'x')).join(''));
  const other = await upload(
    callAs,
    'admin',
    FOREIGN_FILES[0],
    HEADER + ['2025-11', '2025-12'].map((month) => linesOf(month, 'y')).join(''),
  );
  await sendEvents(ok);
  await sendTrouble(callAs, ok, means);
  const [alder, birch] = [await billSide(ok, means, 'alder'), await billSide(ok, means, 'birch')];
  const beside = { ...alder, invoice: await finalInvoice(ok, means, 'alder', '2025-11') };
  const draftOf = async (side: string) => {
    await ok({ method: 'POST', path: '/v1/billing-runs', body: { period: '2025-12', customers: [side] } });
    await means.bill();
    return firstId(await ok({ path: `/v1/invoices?customer=${side}&status=draft&period=2025-12` }));
  };
  const [first] = await Promise.all([ok<Items>({ path: '/v1/conflicts' })]);
  const letters = await ok<Items>({ path: '/v1/dead-letters' });
  return {
    alder: { ...alder, draft: await draftOf('alder') },
    birch: { ...birch, draft: await draftOf('birch') },
    beside,
    absent: absentDocuments(alder),
    imports: { own, other },
    conflict: firstId(first),
    deadLetter: firstId(letters),
    cursors: await cursorsOf(ok),
  };
}

interface Items {
  items: { id: string; key: string; start: string }[];
  nextCursor?: string | null;
}

type Ok = <Body = Items>(request: Request) => Promise<Body>;

function okAs(callAs: CallAs): Ok {
  return async <Body>(request: Request): Promise<Body> => {
    const { status, bytes } = await callAs('admin', request);
    if (status >= 300) throw new Error(`${request.method ?? 'GET'} ${request.path}: ${status} ${bytes.toString()}`);
    return (bytes.length === 0 ? undefined : JSON.parse(bytes.toString())) as Body;
  };
}

function firstId({ items }: Items): string {
  const [item] = items;
  if (item === undefined) throw new Error('the list is empty');
  return item.id;
}

async function upload(callAs: CallAs, as: 'admin' | 'ingest', name: string, body: string): Promise<string> {
  const query = new URLSearchParams({ name, wait: 'true', mapping: JSON.stringify(MAPPING) });
  const { status, bytes } = await callAs(as, { method: 'PUT', path: `/v1/imports?${query}`, body });
  const { id, status: state } = JSON.parse(bytes.toString()) as { id: string; status: string };
  if (status !== 200 || state !== 'complete') throw new Error(`${name}: ${status} ${bytes.toString()}`);
  return id;
}

/** As JSON; both customers in one call, and so in one import. */
async function sendEvents(ok: Ok): Promise<void> {
  const body = SIDES.map((side) => ({
    id: `event-${side}`,
    customer: side,
    meter: 'requests',
    time: '2025-12-04T10:00:00Z',
    quantity: '4',
    properties: { place: INTERNAL },
  }));
  await ok({ method: 'POST', path: '/v1/events', body });
  await eventually('events have arrived', async () => (await ok({ path: '/v1/records?from=2025-12-04T00:00:00Z' })).items.length === 2);
}

/** A version that disagrees, and a message that is no event. */
async function sendTrouble(callAs: CallAs, ok: Ok, { append }: Means): Promise<void> {
  const line =
    linesOf('2025-10', 'x')
      .split('\n')
      .find((text) => text.includes('birch-meter')) ?? '';
  await upload(callAs, 'admin', FOREIGN_FILES[1], `${HEADER}${line.replace(',1,', ',7,')}\n`);
  await append('{"birch":"is no event"}');
  await eventually('the dead letter is there', async () => (await ok({ path: '/v1/dead-letters' })).items.length === 1);
}

/** September is final, then void; October is final, has September as an adjustment, and a credit note. */
async function billSide(ok: Ok, means: Means, side: (typeof SIDES)[number]): Promise<Documents> {
  const september = await finalInvoice(ok, means, side, '2025-09');
  await ok({ method: 'POST', path: `/v1/invoices/${september}/void`, body: { reason: `${INTERNAL}: ${side}` } });
  const invoice = await finalInvoice(ok, means, side, '2025-10');
  const note = await ok<{ id: string }>({
    method: 'POST',
    path: `/v1/invoices/${invoice}/credit-notes`,
    body: { reason: `goodwill for ${side}`, lines: [{ n: 1, quantity: '1', amount: '2.00' }] },
  });
  const hours = await ok({ path: `/v1/invoices/${invoice}/lines/1/hours` });
  const adjusted = await ok({ path: `/v1/invoices/${invoice}/adjustments/1/hours` });
  const records = await ok({ path: `/v1/records?customer=${side}&to=2025-12-01T00:00:00Z` });
  const events = await ok({ path: `/v1/records?customer=${side}&from=2025-12-04T00:00:00Z` });
  return {
    customer: side,
    invoice,
    draft: '',
    hour: hours.items[0]?.start ?? '',
    adjustedHour: adjusted.items[0]?.start ?? '',
    creditNote: note.id,
    record: records.items[0]?.key ?? '',
    event: events.items[0]?.key ?? '',
    meter: `${side}-meter`,
  };
}

async function finalInvoice(ok: Ok, means: Means, side: string, period: string): Promise<string> {
  await ok({ method: 'POST', path: '/v1/billing-runs', body: { period, customers: [side] } });
  await means.bill();
  const id = firstId(await ok({ path: `/v1/invoices?customer=${side}&period=${period}&status=draft` }));
  await ok({ method: 'POST', path: `/v1/invoices/${id}/finalize`, body: {} });
  return id;
}

/** Well-formed, and of nothing. */
function absentDocuments({ record }: Documents): Documents {
  const [kind, time, epoch, partition] = JSON.parse(Buffer.from(record, 'base64url').toString()) as string[];
  const key = Buffer.from(JSON.stringify([kind, time, epoch, partition, '987654', '0'])).toString('base64url');
  const id = '987654321';
  const hour = '2025-10-01T10:00:00Z';
  return {
    customer: 'nobody',
    invoice: id,
    draft: id,
    hour,
    adjustedHour: hour,
    creditNote: id,
    record: key,
    event: key,
    meter: 'no-such-meter',
  };
}

const LISTS = ['/v1/invoices', '/v1/credit-notes', '/v1/records', '/v1/meters', '/v1/imports'];

async function cursorsOf(ok: Ok): Promise<Map<string, string>> {
  const cursors = new Map<string, string>();
  for (const path of LISTS) {
    const { nextCursor } = await ok({ path: `${path}?limit=1` });
    if (typeof nextCursor !== 'string') throw new Error(`${path} has no second page`);
    cursors.set(path, nextCursor);
  }
  return cursors;
}
