/** Seeded streams and events: lines with ids that files have too, lines that only their number tells apart, JSON of our shape and CloudEvents. */
import type { Mapping } from '../../../schemas/http/imports.ts';
import {
  BAD_ROW_SHARE,
  below,
  contentOf,
  drawRow,
  hashed,
  IDS,
  MEASURES,
  METERS,
  OTHER_VERSION_SHARE,
  reported,
  type Cells,
  type Random,
  type ReportedEvent,
  type UsageSource,
} from './workload.ts';

export interface StreamFile extends UsageSource {
  type: 'text/csv' | 'application/x-ndjson';
  query: Record<string, string>;
  /** With their endings; the header is the first of a CSV. */
  lines: string[];
  /** What each row reports; nothing: it is bad. */
  rowEvents: ReportedEvent[][];
}

/** Its first rows alone: as far as a stream came that nobody has brought to its end. */
export function firstRows(file: StreamFile, rows: number): StreamFile {
  const rowEvents = file.rowEvents.slice(0, rows);
  return { ...file, ...summed(rowEvents) };
}

function summed(rowEvents: ReportedEvent[][]) {
  const badRows = rowEvents.filter(({ length }) => length === 0).length;
  return { rowEvents, rows: rowEvents.length, badRows, events: rowEvents.flat() };
}

const FORMS = ['CSV, ids', 'CSV, lines', 'NDJSON, own shape', 'NDJSON, lines'] as const;
type Form = (typeof FORMS)[number];

interface Row {
  text: string;
  events: ReportedEvent[];
}

const MEASURED: Mapping = { customer: 'customer', time: 'time', measures: MEASURES };
const HEADERS: Partial<Record<Form, string>> = {
  'CSV, ids': 'id,customer,time,calls,bytes\n',
  'CSV, lines': 'customer,time,calls,bytes\n',
};
const MAPPINGS: Record<Form, Mapping | undefined> = {
  'CSV, ids': { id: 'id', ...MEASURED },
  'CSV, lines': MEASURED,
  'NDJSON, own shape': undefined,
  'NDJSON, lines': MEASURED,
};

/** `key` is the stream's Idempotency-Key: where rows have no id, it and the line are one. */
export function makeStream(random: Random, key: string, rows: number): StreamFile {
  const form = FORMS[below(random, FORMS.length)] ?? 'CSV, lines';
  const header = HEADERS[form];
  const made = Array.from({ length: rows }, (_, n) => drawStreamRow(random, form, `${key} ${n}`));
  const mapping = MAPPINGS[form];
  return {
    name: `${key} (${form})`,
    type: header === undefined ? 'application/x-ndjson' : 'text/csv',
    query: mapping === undefined ? {} : { mapping: JSON.stringify(mapping) },
    lines: [...(header === undefined ? [] : [header]), ...made.map(({ text }) => text)],
    ...summed(made.map(({ events }) => events)),
  };
}

function drawStreamRow(random: Random, form: Form, line: string): Row {
  const bad = random() < BAD_ROW_SHARE;
  if (form === 'NDJSON, own shape') {
    const { text, event } = drawEvent(random);
    return bad ? { text: '{"id":\n', events: [] } : { text: `${text}\n`, events: [event] };
  }
  const { id, cells } = drawIdentified(random, form === 'CSV, ids' ? 'files' : 'lines');
  const { customer, time, bytes } = cells;
  const calls = bad ? '1.2.3' : cells.calls;
  const csv = `${customer},${time},${calls},${bytes}\n`;
  const keyOf = (meter: string) => (form === 'CSV, ids' ? `id ${id} ${customer} ${meter}` : `line ${line} ${meter}`);
  const texts = {
    'CSV, ids': `k${id},${csv}`,
    'CSV, lines': csv,
    'NDJSON, lines': `${JSON.stringify({ customer, time, calls, bytes })}\n`,
  };
  return { text: texts[form], events: bad ? [] : reported(cells).map(({ meter, content }) => ({ key: keyOf(meter), content })) };
}

/**
 * Whose ids they are, and so what they say: no two events of different keys may say the same, or the oracle could take one for the other where
 * there are several versions. Files with an id column have the ids of `files`.
 */
const SPACES = { files: 0, lines: 10, cloudEvents: 20 } as const;

/** The same id is the same row, or another version of it, wherever in its space it is drawn. */
function drawIdentified(random: Random, space: keyof typeof SPACES): { id: number; cells: Cells } {
  const id = below(random, IDS);
  const version = random() < OTHER_VERSION_SHARE ? 1 + below(random, 2) : 0;
  return { id, cells: drawRow(hashed(id, SPACES[space] + version), hashed(id, 0)) };
}

/** One event of our own shape, on one line. Its id is the one that a row of two measures gives the event of this meter. */
function drawEvent(random: Random): { text: string; event: ReportedEvent } {
  const { id, cells } = drawIdentified(random, 'files');
  const { customer, time } = cells;
  const meter = METERS[below(random, METERS.length)] ?? METERS[0];
  const quantity = cells[meter];
  // A number is written as it stands: JSON.stringify would round it.
  const value = random() < 0.5 ? quantity : JSON.stringify(quantity);
  const text = `{"id":"k${id}:${meter}","customer":${JSON.stringify(customer)},"meter":"${meter}","time":"${time}","quantity":${value}}`;
  return { text, event: { key: `id ${id} ${customer} ${meter}`, content: contentOf(customer, meter, time, quantity) } };
}

/** A call of `/v1/events`. */
export interface EventsCall {
  body: string;
  headers: Record<string, string>;
  events: ReportedEvent[];
}

const CALLS = ['own', 'structured', 'batch', 'binary'] as const;
const SOURCE = 'urn:faults';

export function makeEventsCall(random: Random, eventsMax: number): EventsCall {
  const kind = CALLS[below(random, CALLS.length)];
  const count = kind === 'own' || kind === 'batch' ? 1 + below(random, eventsMax) : 1;
  if (kind === 'own') {
    const drawn = Array.from({ length: count }, () => drawEvent(random));
    const body = `[${drawn.map(({ text }) => text).join(',')}]`;
    return { body, headers: { 'content-type': 'application/json' }, events: drawn.map(({ event }) => event) };
  }
  const drawn = Array.from({ length: count }, () => drawCloudEvent(random));
  const events = drawn.map(({ event }) => event);
  const texts = drawn.map(({ attributes, data }) => `${JSON.stringify(attributes).slice(0, -1)},"data":${data}}`);
  const [first] = drawn;
  if (kind === 'batch') return { body: `[${texts.join(',')}]`, headers: { 'content-type': 'application/cloudevents-batch+json' }, events };
  if (kind === 'structured' || first === undefined)
    return { body: texts.join(''), headers: { 'content-type': 'application/cloudevents+json' }, events };
  const ce = Object.entries(first.attributes).map(([name, value]) => [`ce-${name}`, encodeURIComponent(value)]);
  return {
    body: first.data,
    headers: { 'content-type': 'application/json', ...(Object.fromEntries(ce) as Record<string, string>) },
    events,
  };
}

function drawCloudEvent(random: Random): { attributes: Record<string, string>; data: string; event: ReportedEvent } {
  const { id, cells } = drawIdentified(random, 'cloudEvents');
  const { customer, time } = cells;
  const meter = METERS[below(random, METERS.length)] ?? METERS[0];
  const quantity = cells[meter];
  const attributes = { specversion: '1.0', source: SOURCE, id: `k${id}:${meter}`, type: meter, subject: customer, time };
  return {
    attributes,
    data: `{"quantity":${quantity}}`,
    event: { key: `id ${SOURCE} ${id} ${customer} ${meter}`, content: contentOf(customer, meter, time, quantity) },
  };
}
