/**
 * Events in JSON, as members by name: an event of our own shape, a CloudEvent, or, with a mapping, any flat object.
 *
 * A CloudEvent (https://github.com/cloudevents/spec, 1.0.2) says it by `specversion`. Its `source` and `id` together are the id, `subject` is
 * the customer, `type` the meter unless `data.meter` names one, and `data` holds the quantity; what else it holds are properties, as are the
 * members of `data.properties`. Extension attributes (traces and such) say how an event travelled, not what was used, and are left out.
 */
import { joinIdCells } from '../../core/identity.ts';
import { compactJson, readJson, type JsonText } from '../../core/json-text.ts';
import type { RowFault } from '../csv/faults.ts';

/** The members of our own shape. */
export const EVENT_MEMBERS = ['id', 'customer', 'meter', 'time', 'quantity', 'properties'] as const;
type EventMember = (typeof EVENT_MEMBERS)[number];

export interface EventText {
  /** What a member says as text, by name; absent where it says nothing. */
  cells: Map<string, string>;
  /** JSON object text with sorted names, `{}` where there are none; undefined where a mapping says which members are properties. */
  properties: string | undefined;
}

export type EventOutcome = { ok: true; event: EventText } | { ok: false; fault: RowFault };

/** Reads one event. `columns`: the members that a mapping names; without one, the event has our own shape, or is a CloudEvent. */
export function readEvent(text: string, columns?: readonly string[]): EventOutcome {
  const json = readJson(text);
  if (!json.ok) return fault('invalid_json', null, `not JSON: ${json.message}`);
  if (json.value.kind !== 'object') return fault('invalid_event', null, 'an event is a JSON object');
  const unkept = text.includes('\\u') ? unkeptText(json.value) : undefined;
  if (unkept !== undefined) return unkept;
  const { members } = json.value;
  if (columns !== undefined) return readMembers(members, columns);
  return members.has('specversion') ? readCloudEvent(members) : readOwnEvent(members);
}

function readOwnEvent(members: Map<string, JsonText>): EventOutcome {
  for (const name of members.keys()) {
    if (!EVENT_MEMBERS.includes(name as EventMember))
      return fault('invalid_event', name, `"${shorten(name)}" is no member of an event; put it under properties, or give a mapping`);
  }
  const properties = readProperties(members.get('properties'));
  if (typeof properties !== 'string') return { ok: false, fault: properties };
  const outcome = readMembers(members, EVENT_MEMBERS.slice(0, -1));
  return outcome.ok ? { ok: true, event: { ...outcome.event, properties } } : outcome;
}

const REQUIRED = ['id', 'source', 'type', 'subject', 'time'] as const;

function readCloudEvent(members: Map<string, JsonText>): EventOutcome {
  const attributes = new Map<string, string>();
  for (const name of ['specversion', ...REQUIRED, 'datacontenttype']) {
    const text = textOf(members.get(name));
    if (text === undefined) return fault('invalid_event', name, `"${name}" of a CloudEvent is text`);
    if (text !== '') attributes.set(name, text);
  }
  if (attributes.get('specversion') !== '1.0')
    return fault('invalid_event', 'specversion', 'CloudEvents of specversion "1.0" are read here');
  const id = attributes.get('id');
  const source = attributes.get('source');
  if (id === undefined) return fault('missing_id', 'id', 'the CloudEvent has no id');
  if (source === undefined) return fault('missing_id', 'source', 'the CloudEvent has no source; source and id together are its id');
  if (!/^application\/(?:[\w.-]+\+)?json\b|^$/i.test(attributes.get('datacontenttype') ?? ''))
    return fault('invalid_event', 'datacontenttype', 'the data of a CloudEvent is read as JSON only');
  if (members.has('data_base64')) return fault('invalid_event', 'data_base64', 'the data of a CloudEvent is read as JSON only');
  const data = members.get('data');
  if (data !== undefined && data.kind !== 'object')
    return fault('invalid_event', 'data', 'data is a JSON object that holds the quantity, such as {"quantity":"1.5"}');
  const event = readData(data?.members ?? new Map<string, JsonText>());
  if (!event.ok) return event;
  const { cells } = event.event;
  cells.set('id', joinIdCells([source, id]));
  for (const [name, attribute] of [
    ['customer', 'subject'],
    ['time', 'time'],
  ] as const) {
    const text = attributes.get(attribute);
    if (text !== undefined) cells.set(name, text);
  }
  const type = attributes.get('type');
  if (type !== undefined && !cells.has('meter')) cells.set('meter', type);
  return event;
}

/** Quantity, meter and properties from the data of a CloudEvent. */
function readData(data: Map<string, JsonText>): EventOutcome {
  const outcome = readMembers(data, ['quantity', 'meter']);
  if (!outcome.ok) return outcome;
  const rest = new Map([...data].filter(([name]) => name !== 'quantity' && name !== 'meter' && name !== 'properties'));
  const named = data.get('properties');
  if (named?.kind === 'object') {
    for (const [name, member] of named.members) {
      if (rest.has(name)) return fault('invalid_event', name, `"${shorten(name)}" stands in data and in its properties`);
      rest.set(name, member);
    }
  } else if (named !== undefined && named.kind !== 'null') return fault('invalid_event', 'properties', 'properties is a JSON object');
  const properties = readProperties({ kind: 'object', members: rest });
  if (typeof properties !== 'string') return { ok: false, fault: properties };
  return { ok: true, event: { cells: outcome.event.cells, properties } };
}

function readMembers(members: Map<string, JsonText>, columns: readonly string[]): EventOutcome {
  const cells = new Map<string, string>();
  for (const name of columns) {
    const text = textOf(members.get(name));
    if (text === undefined) return fault('invalid_event', name, `"${shorten(name)}" is text or a number, not a list or an object`);
    if (text !== '') cells.set(name, text);
  }
  return { ok: true, event: { cells, properties: undefined } };
}

/** Properties are text, as the cells of a file are: `5` and `"5"` are the same. What says nothing is left out, a list or object stays JSON. */
function readProperties(value: JsonText | undefined): string | RowFault {
  if (value === undefined || value.kind === 'null') return '{}';
  if (value.kind !== 'object') return { code: 'invalid_event', column: 'properties', message: 'properties is a JSON object' };
  if (value.members.size === 0) return '{}';
  const texts: [string, string][] = [];
  for (const [name, member] of value.members) {
    const text = textOf(member) ?? compactJson(member);
    if (text !== '') texts.push([name, text]);
  }
  texts.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${texts.map(([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`).join(',')}}`;
}

/** Empty where there is nothing; undefined where it is a list or an object. A number as it is written. */
function textOf(value: JsonText | undefined): string | undefined {
  if (value === undefined || value.kind === 'null') return '';
  if (value.kind === 'string') return value.value;
  return value.kind === 'number' || value.kind === 'boolean' ? value.text : undefined;
}

/** Escapes can write what no store keeps: NUL, and half a character. */
function unkeptText(value: JsonText): EventOutcome | undefined {
  const faultOf = (text: string) =>
    text.includes('\0')
      ? fault('nul_byte', null, 'the event holds a NUL character')
      : text.isWellFormed()
        ? undefined
        : fault('invalid_encoding', null, 'the event holds half of a surrogate pair');
  if (value.kind === 'string') return faultOf(value.value);
  if (value.kind === 'array') return firstOf(value.items, unkeptText);
  if (value.kind !== 'object') return undefined;
  return firstOf([...value.members], ([name, member]) => faultOf(name) ?? unkeptText(member));
}

function firstOf<Item, Found>(items: readonly Item[], find: (item: Item) => Found | undefined): Found | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function fault(code: RowFault['code'], column: string | null, message: string): { ok: false; fault: RowFault } {
  return { ok: false, fault: { code, column, message } };
}

const SHOWN_LENGTH_MAX = 60;

function shorten(name: string): string {
  return name.slice(0, SHOWN_LENGTH_MAX).toWellFormed();
}
