/** What the preview of a file shows above its columns, and which cell a problem is about. */
import type { Inspection } from '../types.ts';
import type { MappingDraft } from './mapping.ts';

export interface PreviewColumn {
  name: string;
  /** What becomes of the column; null when nothing does. */
  becomes: string | null;
  kind: 'role' | 'property' | 'unused';
  reason: string;
  numeric: boolean;
}

const NUMBER = /^-?[\d.,\s]+(e[-+]?\d+)?$/i;

export function previewColumns({ columns }: Pick<Inspection, 'columns'>, draft: MappingDraft | undefined): PreviewColumn[] {
  return columns.map(({ name, mapsTo, reason, samples }) => {
    const role = (draft === undefined ? null : roleIn(draft, name)) ?? (mapsTo === null ? null : mapsTo.replace(/^quantity:/, ''));
    const property = role === 'property' || (role === null && isProperty(draft, name));
    return {
      name,
      becomes: property ? 'property' : role,
      kind: property ? 'property' : role === null ? 'unused' : 'role',
      reason: mapsTo === null && role !== null ? 'chosen here' : role === null && !property ? 'left out' : reason,
      numeric:
        role !== 'id' &&
        role !== 'customer' &&
        samples.some((sample) => sample !== '') &&
        samples.every((sample) => sample === '' || NUMBER.test(sample)),
    };
  });
}

/** The part a column has in the mapping that is being worked on. */
function roleIn(draft: MappingDraft, column: string): string | null {
  if (draft.time === column) return 'time';
  if (draft.customer.kind === 'column' && draft.customer.value === column) return 'customer';
  if (draft.identity === 'id' && draft.idColumns.includes(column)) return 'id';
  for (const { meter, quantity } of draft.measures) {
    if (quantity.kind === 'column' && quantity.value === column) return meter.kind === 'const' ? meter.value : 'quantity';
    if (meter.kind === 'column' && meter.value === column) return 'meter';
  }
  return null;
}

function isProperty(draft: MappingDraft | undefined, column: string): boolean {
  const properties = draft?.kept.properties;
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
