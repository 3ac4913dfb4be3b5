/** What the chart shows, as a file: the same bars, the same columns, every digit. */
import type { UsageFigures } from './load.ts';

/** Characters with which spreadsheets begin a formula, those of full width in East Asian ones. */
const FORMULA_START = /^[=+\-@\t\r\n＝＋－＠]/;

export function csvOf(figures: UsageFigures, nameOf: (customer: string) => string): string {
  const columns = figures.view.by === 'meter' ? meterColumns(figures) : customerColumns(figures, nameOf);
  const head = ['start', 'end', ...columns.map(({ label }) => text(label))];
  const lines = figures.bars.map(({ from, to }, bar) => [moment(from), moment(to), ...columns.map(({ values }) => values[bar] ?? '0')]);
  return [head, ...lines].map((cells) => `${cells.join(',')}\r\n`).join('');
}

interface Column {
  label: string;
  values: readonly string[];
}

function customerColumns({ view, series, top, meter }: UsageFigures, nameOf: (customer: string) => string): Column[] {
  const unit = meter ?? 'events';
  const columns = series.map(({ customer, quantities }): Column => {
    const name = customer === null ? (top.additive ? 'others' : 'all customers') : nameOf(customer);
    return { label: `${name} ${unit}`, values: quantities };
  });
  // Of one customer alone the total would be the same column again.
  const total: Column[] = top.additive && view.customer === null ? [{ label: `total ${unit}`, values: top.total.spark }] : [];
  return [...columns, ...total, { label: 'events', values: top.total.sparkEvents.map(String) }];
}

function meterColumns({ meters }: UsageFigures): Column[] {
  const columns = meters.items.map(({ id, spark }): Column => ({ label: id, values: spark }));
  return [...columns, { label: 'events', values: meters.total.sparkEvents.map(String) }];
}

function text(cell: string): string {
  const guarded = FORMULA_START.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

function moment(ms: number): string {
  return new Date(ms).toISOString();
}

/** A name without what file systems give a meaning of its own. */
export function fileNamePart(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '_').slice(0, 60);
}

/** Hands the text to the browser as a file. */
export function saveText(name: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken hold of it by the next turn.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
