/**
 * Every operation of the OpenAPI document, as every kind of caller, with their own objects and with those of another customer: who may not,
 * is refused as the operation declares, and no answer to a customer says anything of the other one. An operation that the tables in
 * test/support/roles/ do not know how to call fails here.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DryRun } from '../../schemas/http/dry-runs.ts';
import type { Import } from '../../schemas/http/imports.ts';
import type { TracedRecords } from '../../schemas/http/invoice-life.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import type { Source } from '../../schemas/http/usage.ts';
import { readPdf } from '../support/pdf-text.ts';
import { ACCESS_CALLS } from '../support/roles/access-calls.ts';
import { BILLING_CALLS } from '../support/roles/billing-calls.ts';
import {
  type Answer,
  type Call,
  CALLERS,
  type CallerName,
  type Calls,
  type Documents,
  type Request,
  type World,
} from '../support/roles/call.ts';
import { FOREIGN_FILES, HEADER, INTERNAL, linesOf, MAPPING } from '../support/roles/fill.ts';
import { READING_CALLS } from '../support/roles/reading-calls.ts';
import { SENDING_CALLS } from '../support/roles/sending-calls.ts';
import { openWorld } from '../support/roles/world.ts';

const CALLS: Calls = { ...READING_CALLS, ...BILLING_CALLS, ...SENDING_CALLS, ...ACCESS_CALLS };
const CUSTOMERS = new Set<CallerName>(['alder', 'birch', 'link']);
const ROLE_OF: Readonly<Record<CallerName, string>> = {
  nobody: '',
  admin: 'admin',
  analyst: 'analyst',
  ingest: 'ingest',
  alder: 'customer',
  birch: 'customer',
  link: 'link',
};
const ALLOWED = 'allowed';

let world: World;
beforeAll(async () => {
  world = await openWorld();
}, 600_000);
afterAll(() => world?.close());

/** What a caller is answered: a status, or that they may. `isTheirs`: of objects, whether these are the caller's. */
function expected(caller: CallerName, roles: readonly string[], isTheirs: boolean): number | typeof ALLOWED {
  if (roles.includes('public')) return ALLOWED;
  if (caller === 'nobody') return 401;
  if (!roles.includes(ROLE_OF[caller])) return CUSTOMERS.has(caller) ? 404 : 403;
  return isTheirs ? ALLOWED : 404;
}

interface Asked {
  request: Request;
  isTheirs: boolean;
  /** Whose they are. */
  documents?: Documents;
}

async function asked(call: Call, caller: CallerName): Promise<Asked[]> {
  if ('plain' in call) return (await call.plain(world)).map((request) => ({ request, isTheirs: true }));
  if ('import' in call) {
    const { own, other } = world.imports;
    const isLimited = caller === 'ingest';
    return [own, other].flatMap((id) => call.import(id).map((request) => ({ request, isTheirs: !isLimited || id === own })));
  }
  const sides =
    caller === 'link' || CUSTOMERS.has(caller) ? ([world.alder, world.birch, world.beside] as const) : [world.alder, world.birch];
  return sides
    .filter((documents) => caller === 'link' || documents !== world.beside)
    .flatMap((documents) => call.of(documents, world).map((request) => ({ request, documents, isTheirs: isOf(documents, caller) })));
}

/** The link opens one invoice and what belongs to that; every other thing of the same customer is as foreign as another one's. */
function isOf(documents: Documents, caller: CallerName): boolean {
  if (caller === 'link') return documents === world.alder;
  return !CUSTOMERS.has(caller) || documents.customer === caller;
}

function textOf({ type, bytes }: Answer): string {
  if (!type.startsWith('application/pdf')) return bytes.toString('utf8');
  return readPdf(bytes)
    .pages.flat()
    .map(({ text }) => text)
    .join('\n');
}

/** A link's other documents share the credit note of the first: only what names the invoice is foreign. */
function tellsApart(request: Request, documents: Documents | undefined): boolean {
  return documents !== world.beside || request.path.includes(`/v1/invoices/${world.beside.invoice}`);
}

/** What is wrong with the answer, in words. */
async function check(caller: CallerName, { request, isTheirs, documents }: Asked, roles: readonly string[]): Promise<string[]> {
  if (!tellsApart(request, documents)) return [];
  const answer = await world.callAs(caller, request);
  const text = textOf(answer);
  const due = expected(caller, roles, isTheirs);
  const isRight = due === ALLOWED ? isAllowed(answer, request) : answer.status === due;
  const what = `${caller}: ${request.method ?? 'GET'} ${request.path}`;
  if (!isRight) return [`${what} is answered with ${answer.status} instead of ${due}: ${text}`];
  if (caller === 'ingest')
    return FOREIGN_FILES.filter((name) => text.includes(name)).map((name) => `${what} names ${name}, which is another sender's`);
  if (!CUSTOMERS.has(caller)) return [];
  const other = caller === 'birch' ? 'alder' : 'birch';
  const said = due === ALLOWED && answer.status < 300 ? text : withoutNames(text, request, other);
  return said.toLowerCase().includes(other) || said.includes(INTERNAL) ? [`${what} says what is not for them: ${said}`] : [];
}

function isAllowed({ status }: Answer, request: Request): boolean {
  return request.status === undefined ? status >= 200 && status < 300 : status === request.status;
}

/** A refusal may repeat what was asked for. */
function withoutNames(text: string, request: Request, other: string): string {
  return JSON.stringify(request).includes(other) ? text.replaceAll(other, '…') : text;
}

const isChange = (name: string) => CALLS[name]?.changes === true;

describe('every operation', () => {
  it('is one that this test knows how to call', () => {
    const unknown = [...world.operations.keys()].filter((name) => !(name in CALLS));
    expect(unknown, 'add these to the tables in test/support/roles/').toEqual([]);
    expect(Object.keys(CALLS).filter((name) => !world.operations.has(name))).toEqual([]);
    expect([...world.operations].filter(([, roles]) => roles.length === 0)).toEqual([]);
  });

  it.each(CALLERS)('is answered to %s as it declares', async (caller) => {
    const faults: string[] = [];
    for (const [name, call] of Object.entries(CALLS)) {
      const roles = world.operations.get(name) ?? [];
      for (const one of await asked(call, caller)) {
        if (isChange(name) && expected(caller, roles, one.isTheirs) === ALLOWED) continue;
        faults.push(...(await check(caller, one, roles)));
      }
    }
    expect(faults).toEqual([]);
  });

  it('refuses what is another customer’s as if it did not exist', async () => {
    const problemOf = async (documents: Documents, request: Request) => {
      const { status, bytes } = await world.callAs('alder', request);
      const { requestId: _, detail = '', ...problem } = JSON.parse(bytes.toString()) as Record<string, string>;
      const path = request.path.split('?', 1)[0] ?? '';
      const names = Object.values(documents).sort((a, b) => b.length - a.length);
      return { status, ...problem, detail: names.reduce((text, name) => text.replaceAll(name, '…'), detail.replaceAll(path, '…')) };
    };
    for (const call of Object.values(CALLS)) {
      if (!('of' in call)) continue;
      const [foreign, absent] = [call.of(world.birch, world), call.of(world.absent, world)];
      for (const [n, request] of foreign.entries()) {
        const nothing = absent[n] ?? request;
        const [was, wouldBe] = [await problemOf(world.birch, request), await problemOf(world.absent, nothing)];
        expect([request.path, was]).toEqual([request.path, wouldBe]);
      }
    }
  });
});

describe('a customer', () => {
  const read = async <Body>(caller: CallerName, path: string): Promise<Body> =>
    JSON.parse((await world.callAs(caller, { path })).bytes.toString()) as Body;

  it('sees of its lines what was mapped and what is for customers, without their neighbours', async () => {
    const { record, event } = world.alder;
    expect(await read('alder', `/v1/records/${record}`)).toMatchObject({ customer: 'alder', properties: { note: 'alder-note' } });
    expect(await read('admin', `/v1/records/${record}`)).toMatchObject({ properties: { note: 'alder-note', cost: INTERNAL } });
    const source = await read<Source>('alder', `/v1/records/${record}/source?context=100`);
    expect(source).toMatchObject({
      column: 'quantity',
      header: ['id', 'customer', 'meter', 'time', 'quantity', 'note'],
      before: [],
      after: [],
    });
    expect(source.raw).toBe(source.cells.join(','));
    expect((await read<Source>('admin', `/v1/records/${record}/source?context=1`)).before).toHaveLength(1);
    const sent = { customer: 'alder', id: 'event-alder', meter: 'requests', quantity: '4', time: '2025-12-04T10:00:00Z' };
    expect(JSON.parse((await read<Source>('alder', `/v1/records/${event}/source`)).raw)).toEqual(sent);
    const traced = await read<TracedRecords>('alder', `/v1/invoices/${world.alder.invoice}/lines/1/hours/${world.alder.hour}/records`);
    expect(traced.items).toMatchObject([{ properties: { note: 'alder-note' }, fileName: 'usage.csv' }]);
    expect(Object.keys(traced.items[0]?.properties ?? {})).toEqual(['note']);
  });

  it('sees no drafts, and of a void invoice neither who took it back nor why', async () => {
    const statuses = async (caller: CallerName) =>
      new Set((await read<{ items: Invoice[] }>(caller, '/v1/invoices?customer=alder')).items.map(({ status }) => status));
    expect(await statuses('admin')).toEqual(new Set(['draft', 'final', 'void']));
    expect(await statuses('alder')).toEqual(new Set(['final', 'void']));
    for (const rest of ['', '.csv', '.pdf', '/lines/1/days'])
      expect((await world.callAs('alder', { path: `/v1/invoices/${world.alder.draft}${rest}` })).status).toBe(404);
    const [isVoid] = (await read<{ items: Invoice[] }>('alder', '/v1/invoices?status=void')).items;
    expect(await read('alder', `/v1/invoices/${isVoid?.id}`)).toMatchObject({ status: 'void', voided: { by: null, reason: null } });
    expect(await read('admin', `/v1/invoices/${isVoid?.id}`)).toMatchObject({ voided: { by: 'admin key', reason: `${INTERNAL}: alder` } });
  });

  it('is told its own figures where it asks for no customer', async () => {
    for (const path of ['/v1/usage', '/v1/usage.csv', '/v1/top'].map((one) => `${one}?from=2025-10-01T00:00:00Z&to=2025-11-01T00:00:00Z`)) {
      const own = await world.callAs('alder', { path: path.startsWith('/v1/top') ? `${path}&by=meter` : path });
      expect(textOf(own)).toContain('alder-meter');
      if (path.startsWith('/v1/top')) continue;
      const asked = await world.callAs('admin', { path: `${path}&customer=alder` });
      expect(withoutMoment(textOf(own))).toBe(withoutMoment(textOf(asked)));
    }
    const { items } = await read<{ items: { key: string }[] }>('alder', '/v1/meters');
    expect(items.map(({ key }) => key)).toEqual(['alder-meter', 'requests']);
    const { items: extents } = await read<{ items: { meter: string; events: number }[] }>('alder', '/v1/usage/meters');
    expect(extents).toMatchObject([
      { meter: 'alder-meter', events: 12 },
      { meter: 'requests', events: 13 },
    ]);
  });
});

describe('a key that sends', () => {
  const body = HEADER + linesOf('2025-10', 'x') + linesOf('2025-11', 'y') + linesOf('2025-12', 'y');
  const send = async <Body>(caller: CallerName, query: Record<string, string>, mapping: object): Promise<Body> => {
    const asked = new URLSearchParams({ ...query, mapping: JSON.stringify(mapping) });
    const answer = await world.callAs(caller, { method: 'POST', path: `/v1/imports?${asked}`, body });
    expect([answer.status, textOf(answer)]).toEqual([200, expect.any(String)]);
    return JSON.parse(textOf(answer)) as Body;
  };
  const seen = async (caller: CallerName, id: string) =>
    (JSON.parse(textOf(await world.callAs(caller, { path: `/v1/imports/${id}` }))) as Import).knownFrom;

  it('is told that rows are known, and how many, without the names of what others have sent', async () => {
    const { own, other } = world.imports;
    const usage = { importId: own, name: 'usage.csv', events: 12 };
    const known = [{ importId: null, name: null, events: 24 }, usage];
    const tried = await send<DryRun>('ingest', { dryRun: 'true' }, MAPPING);
    expect([tried.rows, tried.knownFrom]).toEqual([{ read: 37, new: 0, known: 36, conflict: 0, rejected: 1 }, known]);
    const named = [{ importId: other, name: FOREIGN_FILES[0], events: 24 }, usage];
    expect((await send<DryRun>('admin', { dryRun: 'true' }, MAPPING)).knownFrom).toEqual(named);
    const done = await send<Import>('ingest', { wait: 'true' }, MAPPING);
    expect(done.knownFrom).toEqual(known);
    expect(await seen('ingest', done.id)).toEqual(known);
    expect(await seen('analyst', done.id)).toEqual(named);
  });

  it('is told of a suspected double where it stands only if it has sent both', async () => {
    const { id: _, ...byFile } = { ...MAPPING, identity: 'file' };
    const places = async (caller: CallerName) => {
      const { doubles, suspectedDoubles } = await send<DryRun>(caller, { dryRun: 'true' }, byFile);
      expect(suspectedDoubles).toBe(36);
      return doubles.map(({ line, other }) => [line, other.importId, other.name, other.line]);
    };
    const { own, other } = world.imports;
    const all = await places('admin');
    expect(all.map(([, importId]) => importId)).toEqual([...Array<string>(12).fill(own), ...Array<string>(24).fill(other)]);
    expect(await places('ingest')).toEqual(all.map((place) => (place[1] === own ? place : [place[0], null, null, null])));
  });
});

// Last: it leaves the world another one.
describe('an operation', () => {
  it('that changes something is carried out for those who may, once', async () => {
    const faults: string[] = [];
    for (const [name, call] of Object.entries(CALLS)) {
      if (!isChange(name)) continue;
      const roles = world.operations.get(name) ?? [];
      const all = await asked(call, 'admin');
      const own = all.filter(({ documents }) => documents === undefined || documents === world.birch);
      for (const one of 'import' in call ? own.slice(-1) : own) faults.push(...(await check('admin', one, roles)));
    }
    expect(faults).toEqual([]);
  });
});

function withoutMoment(text: string): string {
  return text.replace(/"asOf":"[^"]*"/, '');
}
