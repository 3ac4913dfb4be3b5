/** Saved mappings, and which of them a file can be read with. */
import type { Mapping, Profile } from '../types.ts';

/** Columns that a mapping reads, by name or as `#3`. */
export function columnsOf({ id, customer, time, measures, properties, only, customerVisible }: Mapping): string[] {
  const named = (source: string | { const: string } | { column: string }) =>
    typeof source === 'string' ? [source] : 'column' in source ? [source.column] : [];
  const parts = [customer, ...[time].flat(), ...measures.flatMap(({ meter, quantity }) => [meter, quantity])];
  const kept = properties === undefined || properties === 'rest' ? [] : properties;
  return [
    ...new Set([
      ...[id ?? []].flat(),
      ...parts.flatMap(named),
      ...kept,
      ...(only ?? []).map(({ column }) => column),
      ...(customerVisible ?? []),
    ]),
  ];
}

export function fits({ mapping }: Pick<Profile, 'mapping'>, header: readonly string[]): boolean {
  return columnsOf(mapping).every((column) => header.includes(column) || isPosition(column, header.length));
}

function isPosition(column: string, columns: number): boolean {
  const position = /^#([1-9]\d*)$/.exec(column)?.[1];
  return position !== undefined && Number(position) <= columns;
}
