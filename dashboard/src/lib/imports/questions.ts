/** Which control answers a question: what stands against a file is no more than a click away from where it is settled. */
import { readingOf, type Reading, type ReadingProperty } from './dialect.ts';
import type { OpenQuestion } from './mapping.ts';
import { asksForZone } from './problems.ts';

export interface Lead {
  /** `dialect/…` for how the text is read, else a member of the mapping. */
  control: string;
  /** On the button that leads there. */
  label: string;
}

const DIALECT_LABELS: Record<ReadingProperty, string> = {
  encoding: 'Set the encoding',
  delimiter: 'Set the delimiter',
  quote: 'Set the quote',
  escape: 'Set how quotes are escaped',
  newline: 'Set the line ending',
  header: 'Set the header',
  skipLines: 'Set the lines before the table',
  comment: 'Set the comments',
  trailingDelimiter: 'Set what rows end in',
  shortRows: 'Set what short rows become',
};

const READING_LEADS: Readonly<Record<string, readonly ReadingProperty[]>> = {
  undetected_encoding: ['encoding'],
  undetected_delimiter: ['delimiter', 'skipLines', 'comment'],
  undetected_quote: ['quote'],
  undetected_escape: ['escape'],
  undetected_newline: ['newline'],
  undetected_header: ['header', 'skipLines'],
  duplicate_header: ['header', 'skipLines'],
  header_missing: ['header', 'skipLines'],
  unsupported_dialect: ['delimiter', 'quote'],
  too_many_columns: ['delimiter'],
  too_few_cells: ['shortRows', 'comment'],
  too_many_cells: ['trailingDelimiter', 'delimiter'],
  stray_quote: ['quote', 'escape'],
  unclosed_quote: ['quote', 'escape'],
  record_too_large: ['quote', 'newline'],
  cell_too_large: ['quote'],
  invalid_encoding: ['encoding'],
  nul_byte: ['encoding'],
};

const MAPPING_LEADS: Readonly<Record<string, string>> = {
  id_not_unique: 'identity',
  missing_id: 'identity',
  not_selected: 'only/0',
  missing_customer: 'customer',
  missing_time: 'time',
  missing_time_zone: 'timeZone',
  invalid_time: 'timeFormat',
  missing_meter: 'measures/0/meter',
  missing_quantity: 'measures/0/ifEmpty',
  invalid_number: 'numbers',
};

const PART_LABELS: Readonly<Record<string, string>> = {
  identity: 'Set the identity',
  customer: 'Set the customer',
  time: 'Set the time',
  timeZone: 'Set the zone',
  timeFormat: 'Set the form of times',
  measures: 'Set the measure',
  numbers: 'Set how numbers are written',
  only: 'Set which lines count',
  properties: 'Set the properties',
  customerVisible: 'Set what customers see',
};

/** Where a problem of the file or of a row is settled; none where nothing in the form does. */
export function leadsFor({ code, message }: { code: string; message: string }): Lead[] {
  if (code === 'mapping_incomplete') return controlsIn(message).map(leadTo);
  const properties = READING_LEADS[code];
  if (properties !== undefined) return properties.map((property) => leadTo(`dialect/${property}`));
  const control = code === 'invalid_number' && message.includes('`percent`') ? 'measures/0/percent' : MAPPING_LEADS[code];
  return control === undefined ? [] : [leadTo(control)];
}

export function leadTo(control: string): Lead {
  const [part = '', property = ''] = control.split('/');
  const label = part === 'dialect' ? DIALECT_LABELS[property as ReadingProperty] : PART_LABELS[part];
  return { control, label: label ?? 'Set it' };
}

const MEMBER =
  /(?:^|\. )((?:id|identity|customer|time|timeZone|timeFormat|measures|decimal|thousands|grouping|only|properties|customerVisible)(?:\/\w+)*): /g;

/** A message begins each of its parts with a path in the mapping: `measures/0/quantity: no column is …`. */
function controlsIn(message: string): string[] {
  return [...new Set([...message.matchAll(MEMBER)].map(([, path = '']) => controlOf(path)))];
}

function controlOf(path: string): string {
  const [part = '', index, member] = path.split('/');
  if (part === 'id' || part === 'identity') return 'identity';
  if (part === 'decimal' || part === 'thousands' || part === 'grouping') return 'numbers';
  if (part === 'measures') return measureControl(index ?? '0', member);
  if (part === 'only') return `only/${index ?? 0}`;
  return part === 'time' && index !== undefined && index !== '0' ? path : part;
}

function measureControl(index: string, member: string | undefined): string {
  const isStyle = member === 'decimal' || member === 'thousands' || member === 'grouping';
  return `measures/${index}/${isStyle ? 'numbers' : (member ?? 'meter')}`;
}

const ANSWER = /\b(encoding|delimiter|quote|escape|newline|header|skipLines)=(\S+)/g;

export interface Answer {
  label: string;
  reading: Reading;
}

/** What the message itself offers: "say encoding=windows-1252 if …". */
export function answersIn(message: string): Answer[] {
  const found = [...message.matchAll(ANSWER)].map(([, property = '', said = '']) => {
    const value = said.replace(/[,;.]$/, '');
    return { label: `${property} ${value}`, reading: readingOf(property as ReadingProperty, value) };
  });
  return found.filter(({ label }, index) => found.findIndex((other) => other.label === label) === index);
}

export interface Standing {
  error: { code: string; message: string } | undefined;
  missing: readonly OpenQuestion[];
  problems: readonly { code: string; message: string; line: number | null }[];
}

/** Controls that the file waits for; faults of single rows can also be the row's own. */
export function askedControls({ error, missing, problems }: Standing): Set<string> {
  const whole = problems.filter((problem) => problem.line === null || asksForZone(problem));
  const leads = [...(error === undefined ? [] : [error]), ...whole].flatMap((problem) => leadsFor(problem));
  return new Set([...missing, ...leads].map(({ control }) => control));
}

/** Brings a control before the eyes, and the keyboard to it. False where it is not on the page. */
export function focusControl(control: string): boolean {
  const found = document.querySelector<HTMLElement>(`[data-control="${CSS.escape(control)}"]`);
  found?.scrollIntoView({ block: 'center' });
  found?.focus({ focusVisible: true, preventScroll: true } as FocusOptions);
  return found !== null;
}
