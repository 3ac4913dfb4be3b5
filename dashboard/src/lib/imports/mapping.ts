/** A mapping while somebody is working on it: every question has a place, whether it is answered or not. */
import type { Inspection, Mapping } from '../types.ts';
import { membersOf, PLAIN_STYLE, styleOf, type NumberStyle } from './numbers.ts';
import { partOf } from './problems.ts';

export interface MeasureDraft {
  meter: { kind: 'const' | 'column'; value: string };
  quantity: { kind: 'const' | 'column'; value: string };
  ifEmpty: 'reject' | 'skip';
  percent: boolean;
  /** Null: as in the rest of the file. */
  numbers: NumberStyle | null;
}

export interface OnlyDraft {
  column: string;
  in: string[];
}

/** A question of the form, and the control that answers it. */
export interface OpenQuestion {
  control: string;
  sentence: string;
}

export interface MappingDraft {
  customer: { kind: 'const' | 'column'; value: string };
  time: string;
  /** Further columns of a time that is split. */
  timeRest: string[];
  /** Empty: ISO 8601. */
  timeFormat: string;
  /** Empty: every time carries its own. */
  timeZone: string;
  identity: 'id' | 'row' | 'file';
  idColumns: string[];
  measures: MeasureDraft[];
  nullTokens: string[];
  numbers: NumberStyle;
  only: OnlyDraft[];
  properties: string[] | 'rest';
  /** Columns that a customer sees of a line, beside those that are mapped. */
  customerVisible: string[];
}

export const EMPTY_MEASURE: MeasureDraft = {
  meter: { kind: 'const', value: '' },
  quantity: { kind: 'column', value: '' },
  ifEmpty: 'reject',
  percent: false,
  numbers: null,
};

/** A file with neither a quantity nor a meter counts events. */
const COUNTING: MeasureDraft = { ...EMPTY_MEASURE, meter: { kind: 'const', value: 'events' }, quantity: { kind: 'const', value: '1' } };

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
  const isMeasured = meter !== '' || quantity !== '' || problems.some((problem) => partOf(problem) === 'measures');
  return {
    customer: { kind: 'column', value: matched('customer') },
    time: matched('time'),
    timeRest: all('time').slice(1),
    timeFormat: '',
    timeZone: '',
    identity: id === '' ? 'row' : 'id',
    idColumns: id === '' ? [] : [id],
    measures: [isMeasured ? measure : COUNTING],
    nullTokens: [''],
    numbers: PLAIN_STYLE,
    only: [],
    properties: [],
    customerVisible: [],
  };
}

export function draftOfMapping(mapping: Mapping): MappingDraft {
  const { id, customer, properties = [], only = [] } = mapping;
  const [time = '', ...timeRest] = [mapping.time].flat();
  return {
    customer: sourceOf(customer),
    time,
    timeRest,
    timeFormat: mapping.timeFormat ?? '',
    timeZone: mapping.timeZone ?? '',
    identity: id === undefined ? (mapping.identity ?? 'row') : 'id',
    idColumns: id === undefined ? [] : [id].flat(),
    measures: mapping.measures.map(measureOf),
    nullTokens: mapping.nullTokens ?? [''],
    numbers: styleOf(mapping),
    only: only.map((rule) => ({ column: rule.column, in: [...rule.in] })),
    properties: properties === 'rest' ? properties : [...properties],
    customerVisible: [...(mapping.customerVisible ?? [])],
  };
}

function measureOf({ meter, quantity, ifEmpty = 'reject', percent = false, ...style }: Mapping['measures'][number]): MeasureDraft {
  return {
    meter: 'const' in meter ? { kind: 'const', value: meter.const } : { kind: 'column', value: meter.column },
    quantity: sourceOf(quantity),
    ifEmpty,
    percent,
    numbers: Object.keys(style).length === 0 ? null : styleOf(style),
  };
}

function sourceOf(source: string | { const: string }): { kind: 'const' | 'column'; value: string } {
  return typeof source === 'string' ? { kind: 'column', value: source } : { kind: 'const', value: source.const };
}

/** What is still open; empty when the draft is a mapping. */
export function missingOf(draft: MappingDraft): OpenQuestion[] {
  const missing: OpenQuestion[] = [];
  const ask = (control: string, sentence: string) => missing.push({ control, sentence });
  if (draft.customer.value === '')
    ask(
      'customer',
      draft.customer.kind === 'column'
        ? 'Choose the column that names the customer, or one customer for the whole file.'
        : 'Say which customer this file belongs to.',
    );
  if (draft.time === '') ask('time', 'Choose the column that holds the time.');
  if (draft.identity === 'id' && draft.idColumns.length === 0)
    ask('identity', 'Choose the id column, or let the content of each row be its identity.');
  draft.measures.forEach(({ meter, quantity }, index) => {
    const which = draft.measures.length > 1 ? ` of measure ${index + 1}` : '';
    if (meter.value === '') ask(`measures/${index}/meter`, `Name the meter${which}.`);
    if (quantity.value === '') ask(`measures/${index}/quantity`, `Choose the quantity${which}.`);
  });
  if (draft.measures.length === 0) ask('measures', 'Add at least one measure.');
  draft.only.forEach((rule, index) => {
    if (rule.column === '') ask(`only/${index}`, 'Choose the column that says which lines count.');
    else if (rule.in.length === 0) ask(`only/${index}`, `Say which values of ${rule.column} count.`);
  });
  return missing;
}

/** The mapping as the API takes it, or null while something is missing. */
export function toMapping(draft: MappingDraft): Mapping | null {
  if (missingOf(draft).length > 0) return null;
  const { timeRest, timeFormat, timeZone, properties, only, customerVisible } = draft;
  const [firstId = '', ...otherIds] = draft.idColumns;
  return {
    ...(draft.identity === 'id' ? { id: otherIds.length === 0 ? firstId : [firstId, ...otherIds] } : { identity: draft.identity }),
    customer: asSource(draft.customer),
    time: timeRest.length === 0 ? draft.time : [draft.time, ...timeRest],
    ...(timeFormat === '' ? {} : { timeFormat }),
    ...(timeZone === '' ? {} : { timeZone }),
    measures: draft.measures.map(asMeasure),
    nullTokens: draft.nullTokens,
    ...membersOf(draft.numbers),
    ...(properties.length === 0 ? {} : { properties }),
    ...(only.length === 0 ? {} : { only }),
    ...(customerVisible.length === 0 ? {} : { customerVisible }),
  };
}

function asSource({ kind, value }: { kind: 'const' | 'column'; value: string }): string | { const: string } {
  return kind === 'const' ? { const: value } : value;
}

function asMeasure({ meter, quantity, ifEmpty, percent, numbers }: MeasureDraft): Mapping['measures'][number] {
  return {
    meter: meter.kind === 'const' ? { const: meter.value } : { column: meter.value },
    quantity: asSource(quantity),
    ...(ifEmpty === 'skip' ? { ifEmpty } : {}),
    ...(percent ? { percent } : {}),
    // The decimal point is said as well: it is what sets the measure apart.
    ...(numbers === null ? {} : { decimal: numbers.decimal, ...membersOf(numbers) }),
  };
}

/** Makes a column that was left out a meter of its own; the mere counting of lines gives way to it. */
export function addMeasure(draft: MappingDraft, column: string): void {
  const measure: MeasureDraft = { ...EMPTY_MEASURE, meter: { kind: 'const', value: column }, quantity: { kind: 'column', value: column } };
  const counted = draft.measures.length === 1 && draft.measures[0]?.quantity.kind === 'const';
  draft.measures = counted ? [measure] : [...draft.measures, measure];
}

export function keepAsProperty(draft: MappingDraft, column: string): void {
  if (draft.properties !== 'rest') draft.properties = [...draft.properties, column];
}
