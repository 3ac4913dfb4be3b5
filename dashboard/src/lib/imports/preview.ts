/** What the preview of a file shows above its columns, and which cell a problem is about. */
import type { Inspection } from '../types.ts';
import type { MappingDraft } from './mapping.ts';

type Columns = Inspection['columns'];

export interface PreviewColumn {
  name: string;
  /** What becomes of the column; null when nothing does. */
  becomes: string | null;
  /** `ignored`: never to be used, so nothing to decide. */
  kind: 'role' | 'property' | 'unused' | 'ignored';
  reason: string;
  numeric: boolean;
}

/** What the server added to the lines of a rejected.csv, and leaves out when they come back. */
const ERROR_COLUMNS = new Set(['error_line', 'error_column', 'error_code', 'error_message']);
const NUMBER = /^-?[\d.,\s]+(e[-+]?\d+)?$/i;

/** `matched`: the columns as the server matched them by name; a part that somebody gave a column since is "chosen here". */
export function previewColumns(columns: Columns, draft: MappingDraft | undefined, matched: Columns): PreviewColumn[] {
  return columns.map(({ name, samples }) => {
    const own = matched.find((column) => column.name === name);
    const use = draft === undefined ? undefined : useIn(draft, name);
    if (ERROR_COLUMNS.has(name)) return { name, becomes: null, kind: 'ignored', reason: 'said why the line was rejected', numeric: false };
    const property = use === undefined && isProperty(draft, name);
    const chosen = use !== undefined && own?.mapsTo?.split(':')[0] !== use.part;
    return {
      name,
      becomes: property ? 'property' : (use?.becomes ?? null),
      kind: property ? 'property' : use === undefined ? 'unused' : 'role',
      reason: use === undefined && !property ? 'left out' : chosen || property ? 'chosen here' : (own?.reason ?? ''),
      numeric:
        use?.part !== 'id' &&
        use?.part !== 'customer' &&
        samples.some((sample) => sample !== '') &&
        samples.every((sample) => sample === '' || NUMBER.test(sample)),
    };
  });
}

/** The part a column has in the mapping that is being worked on; a quantity becomes its meter. */
function useIn(draft: MappingDraft, column: string): { part: string; becomes: string } | undefined {
  const as = (part: string, becomes = part) => ({ part, becomes });
  if (draft.time === column || draft.timeRest.includes(column)) return as('time');
  if (draft.customer.kind === 'column' && draft.customer.value === column) return as('customer');
  if (draft.identity === 'id' && draft.idColumns.includes(column)) return as('id');
  if (draft.only.some((rule) => rule.column === column)) return as('selection');
  for (const { meter, quantity } of draft.measures) {
    if (quantity.kind === 'column' && quantity.value === column)
      return as('quantity', meter.kind === 'const' && meter.value !== '' ? meter.value : 'quantity');
    if (meter.kind === 'column' && meter.value === column) return as('meter');
  }
  return undefined;
}

function isProperty(draft: MappingDraft | undefined, column: string): boolean {
  const properties = draft?.properties;
  return properties === 'rest' || properties?.includes(column) === true;
}

const ROLES: readonly (readonly [RegExp, string])[] = [
  [/customer/, 'customer'],
  [/time/, 'time'],
  [/_id\b|^id_/, 'id'],
  [/meter/, 'meter'],
];

/** Index of the cell that a row's problem is about, or −1 where it is the row as a whole: the quoted value, else the empty cell of that role. */
export function faultyCell(problem: string | undefined, cells: readonly string[], columns: readonly PreviewColumn[]): number {
  if (problem === undefined) return -1;
  const value = /"((?:[^"\\]|\\.)*)"/.exec(problem)?.[1];
  const quoted = value === undefined ? -1 : cells.findIndex((cell) => cell === value);
  if (quoted >= 0) return quoted;
  const code = problem.split(':')[0] ?? '';
  const role = ROLES.find(([pattern]) => pattern.test(code))?.[1];
  return role === undefined ? -1 : columns.findIndex(({ becomes }) => becomes === role);
}
