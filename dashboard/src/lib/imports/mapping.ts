/** A mapping while somebody is working on it: every question has a place, whether it is answered or not. */
import type { Inspection, Mapping } from '../types.ts';
import { partOf } from './problems.ts';

export interface MeasureDraft {
  meter: { kind: 'const' | 'column'; value: string };
  quantity: { kind: 'const' | 'column'; value: string };
  ifEmpty: 'reject' | 'skip';
  /** What the form does not ask about, kept as it came. */
  kept?: Pick<Mapping['measures'][number], 'decimal' | 'thousands' | 'grouping' | 'percent'>;
}

export interface MappingDraft {
  customer: { kind: 'const' | 'column'; value: string };
  time: string;
  /** Further columns of a time that is split, which the form does not ask about. */
  timeRest: string[];
  /** Empty: every time carries its own. */
  timeZone: string;
  identity: 'id' | 'row' | 'file';
  idColumns: string[];
  measures: MeasureDraft[];
  nullTokens: string[];
  decimal: '.' | ',';
  thousands: '' | NonNullable<Mapping['thousands']>;
  /** What the form does not ask about, kept as it came. */
  kept: Pick<Mapping, 'timeFormat' | 'properties' | 'only' | 'grouping' | 'customerVisible'>;
}

export const EMPTY_MEASURE: MeasureDraft = {
  meter: { kind: 'const', value: '' },
  quantity: { kind: 'column', value: '' },
  ifEmpty: 'reject',
};

/** A file with neither a quantity nor a meter counts events. */
const COUNTING: MeasureDraft = { meter: { kind: 'const', value: 'events' }, quantity: { kind: 'const', value: '1' }, ifEmpty: 'reject' };

/** From the server's mapping, or, where it could not complete one, from the columns that it did match. */
export function draftOf({ mapping, columns, problems }: Pick<Inspection, 'mapping' | 'columns' | 'problems'>): MappingDraft {
  if (mapping !== null) return draftOfMapping(mapping);
  const all = (role: string) => columns.filter(({ mapsTo }) => mapsTo === role).map(({ name }) => name);
  const matched = (role: string) => all(role)[0] ?? '';
  const id = matched('id');
  const meter = matched('meter');
  const quantity = matched('quantity');
  const measure: MeasureDraft = {
    ...EMPTY_MEASURE,
    meter: { kind: meter === '' ? 'const' : 'column', value: meter },
    quantity: { kind: 'column', value: quantity },
  };
  return {
    customer: { kind: 'column', value: matched('customer') },
    time: matched('time'),
    timeRest: all('time').slice(1),
    timeZone: '',
    identity: id === '' ? 'row' : 'id',
    idColumns: id === '' ? [] : [id],
    measures: [problems.some((problem) => partOf(problem) === 'measures') ? measure : COUNTING],
    nullTokens: [''],
    decimal: '.',
    thousands: '',
    kept: {},
  };
}

export function draftOfMapping(mapping: Mapping): MappingDraft {
  const { id, customer, timeFormat, properties, only, grouping, customerVisible } = mapping;
  const [time = '', ...timeRest] = [mapping.time].flat();
  return {
    customer: sourceOf(customer),
    time,
    timeRest,
    timeZone: mapping.timeZone ?? '',
    identity: id === undefined ? (mapping.identity ?? 'row') : 'id',
    idColumns: id === undefined ? [] : [id].flat(),
    measures: mapping.measures.map(({ meter, quantity, ifEmpty = 'reject', ...kept }) => ({
      meter: 'const' in meter ? { kind: 'const', value: meter.const } : { kind: 'column', value: meter.column },
      quantity: sourceOf(quantity),
      ifEmpty,
      kept,
    })),
    nullTokens: mapping.nullTokens ?? [''],
    decimal: mapping.decimal ?? '.',
    thousands: mapping.thousands ?? '',
    kept: {
      ...(timeFormat === undefined ? {} : { timeFormat }),
      ...(properties === undefined ? {} : { properties }),
      ...(only === undefined ? {} : { only }),
      ...(grouping === undefined ? {} : { grouping }),
      ...(customerVisible === undefined ? {} : { customerVisible }),
    },
  };
}

function sourceOf(source: string | { const: string }): { kind: 'const' | 'column'; value: string } {
  return typeof source === 'string' ? { kind: 'column', value: source } : { kind: 'const', value: source.const };
}

/** What is still open, in words; empty when the draft is a mapping. */
export function missingOf(draft: MappingDraft): string[] {
  const missing: string[] = [];
  if (draft.customer.value === '')
    missing.push(
      draft.customer.kind === 'column'
        ? 'Choose the column that names the customer, or one customer for the whole file.'
        : 'Say which customer this file belongs to.',
    );
  if (draft.time === '') missing.push('Choose the column that holds the time.');
  if (draft.identity === 'id' && draft.idColumns.length === 0)
    missing.push('Choose the id column, or let the content of each row be its identity.');
  draft.measures.forEach(({ meter, quantity }, index) => {
    const which = draft.measures.length > 1 ? ` of measure ${index + 1}` : '';
    if (meter.value === '') missing.push(`Name the meter${which}.`);
    if (quantity.value === '') missing.push(`Choose the quantity${which}.`);
  });
  if (draft.measures.length === 0) missing.push('Add at least one measure.');
  return missing;
}

/** The mapping as the API takes it, or null while something is missing. */
export function toMapping(draft: MappingDraft): Mapping | null {
  if (missingOf(draft).length > 0) return null;
  const source = ({ kind, value }: { kind: 'const' | 'column'; value: string }) => (kind === 'const' ? { const: value } : value);
  const [firstId = '', ...otherIds] = draft.idColumns;
  return {
    ...draft.kept,
    ...(draft.identity === 'id' ? { id: otherIds.length === 0 ? firstId : [firstId, ...otherIds] } : { identity: draft.identity }),
    customer: source(draft.customer),
    time: draft.timeRest.length === 0 ? draft.time : [draft.time, ...draft.timeRest],
    ...(draft.timeZone === '' ? {} : { timeZone: draft.timeZone }),
    measures: draft.measures.map(({ meter, quantity, ifEmpty, kept }) => ({
      ...kept,
      meter: meter.kind === 'const' ? { const: meter.value } : { column: meter.value },
      quantity: source(quantity),
      ...(ifEmpty === 'skip' ? { ifEmpty } : {}),
    })),
    nullTokens: draft.nullTokens,
    ...(draft.decimal === '.' ? {} : { decimal: draft.decimal }),
    ...(draft.thousands === '' ? {} : { thousands: draft.thousands }),
  };
}

/** Makes a column that was left out a meter of its own; the mere counting of lines gives way to it. */
export function addMeasure(draft: MappingDraft, column: string): void {
  const measure: MeasureDraft = { meter: { kind: 'const', value: column }, quantity: { kind: 'column', value: column }, ifEmpty: 'reject' };
  const counted = draft.measures.length === 1 && draft.measures[0]?.quantity.kind === 'const';
  draft.measures = counted ? [measure] : [...draft.measures, measure];
}

export function keepAsProperty(draft: MappingDraft, column: string): void {
  const { properties } = draft.kept;
  if (properties !== 'rest') draft.kept.properties = [...(properties ?? []), column];
}
