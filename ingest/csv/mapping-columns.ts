/** Which columns a mapping reads. */
import type { Mapping } from '../../schemas/http/imports.ts';

type Source = string | { const: string } | { column: string };

/** Names, or positions such as `#3`, once each, in the order of an event's parts. */
export function columnsOf({ id, customer, time, measures, properties, only, customerVisible }: Mapping): string[] {
  const named = (source: Source) => (typeof source === 'string' ? [source] : 'column' in source ? [source.column] : []);
  const kept = properties === undefined || properties === 'rest' ? [] : properties;
  return [
    ...new Set([
      ...[id ?? []].flat(),
      ...named(customer),
      ...[time].flat(),
      ...measures.flatMap(({ meter, quantity }) => [...named(meter), ...named(quantity)]),
      ...kept,
      ...(only ?? []).map(({ column }) => column),
      ...(customerVisible ?? []),
    ]),
  ];
}

/** 0-based position of a column; -1 where the header has none. A name comes before a position. */
export function positionOf(column: string, header: readonly string[]): number {
  const named = header.indexOf(column);
  const position = /^#([1-9]\d{0,5})$/.exec(column)?.[1];
  if (named !== -1 || position === undefined || Number(position) > header.length) return named;
  return Number(position) - 1;
}
