/** A line's quantity by day as bars. Geometry only: what is drawn is read, never computed with. */
import { addDecimals } from '../../../core/decimal.ts';
import { daysOf, type Window } from '../../../core/window.ts';
import type { InvoiceLine } from '../../../schemas/http/invoices.ts';
import { dateLabel, grouped } from './labels.ts';
import { BAR, MUTED, RULE, type Row, type Sheet } from './sheet.ts';

const BARS_HEIGHT = 18;
/** Periods of up to a quarter; the bars of longer ones would be hairlines. */
const DAYS_MAX = 100;
/** The lines of an invoice share the days of its segments; no invoice has more of those than fit on a page. */
const WINDOWS_MAX = 100;

/** Charts of one document in one zone. */
export class DailyCharts {
  readonly #zone: string;
  readonly #days = new Map<string, Window[]>();

  constructor(zone: string) {
    this.#zone = zone;
  }

  /** Nothing for a line without hours: a fee, or a document that leaves them out. */
  rows(sheet: Sheet, line: InvoiceLine, place: { x: number; width: number }): Row[] {
    if (line.hours.length === 0) return [];
    const days = this.#daysOf(line);
    if (days.length < 2 || days.length > DAYS_MAX) return [];
    const hoursByDay = hoursOfDays(line, days);
    const values = hoursByDay.map((hours) => hours.reduce((sum, { quantity }) => sum + Number(quantity), 0));
    const [top, bottom] = [Math.max(0, ...values), Math.min(0, ...values)];
    if (top === bottom) return [];
    const peak = values.indexOf(top === 0 ? Math.max(...values) : top);
    const peakQuantity = (hoursByDay[peak] ?? []).map(({ quantity }) => quantity).reduce(addDecimals, '0');
    const most = `most ${grouped(peakQuantity)} on ${dateLabel(days[peak]?.from ?? 0, this.#zone)}`;
    const ends = [dateLabel(days[0]?.from ?? 0, this.#zone), dateLabel(days.at(-1)?.from ?? 0, this.#zone)] as const;
    return [
      {
        height: BARS_HEIGHT + 16,
        draw: (y): void => {
          drawBars(sheet, values, { ...place, y: y + 3, top, bottom });
          drawAxis(sheet, { ends, most }, { ...place, y: y + BARS_HEIGHT + 11 });
        },
      },
    ];
  }

  #daysOf({ from, to }: InvoiceLine): Window[] {
    const known = this.#days.get(`${from} ${to}`);
    if (known !== undefined) return known;
    const days = daysOf({ from: Date.parse(from), to: Date.parse(to) }, this.#zone);
    if (this.#days.size < WINDOWS_MAX) this.#days.set(`${from} ${to}`, days);
    return days;
  }
}

function hoursOfDays({ hours }: InvoiceLine, days: readonly Window[]): InvoiceLine['hours'][] {
  let next = 0;
  return days.map(({ to }) => {
    const first = next;
    while (next < hours.length && Date.parse(hours[next]?.start ?? '') < to) next++;
    return hours.slice(first, next);
  });
}

function drawBars(
  sheet: Sheet,
  values: readonly number[],
  { x, y, width, top, bottom }: { x: number; y: number; width: number; top: number; bottom: number },
): void {
  const scale = BARS_HEIGHT / (top - bottom);
  const zero = y + top * scale;
  const step = width / values.length;
  sheet.rule(zero, x, x + width, RULE);
  for (const [i, value] of values.entries()) {
    // A day with some usage is never one without: its bar is at least as thick as the axis.
    const height = Math.max(Math.abs(value) * scale, 0.6);
    if (value !== 0) sheet.rectangle(x + step * (i + 0.15), value > 0 ? zero - height : zero, step * 0.7, height, BAR);
  }
}

function drawAxis(
  sheet: Sheet,
  { ends, most }: { ends: readonly [string, string]; most: string },
  { x, y, width }: { x: number; y: number; width: number },
): void {
  const style = { size: 6, color: MUTED };
  sheet.text(ends[0], x, y, style);
  sheet.text(ends[1], x + width, y, style, { align: 'right' });
  const room = width - 2 * sheet.width('30 Sep 2026', style) - 12;
  const shown = Math.min(sheet.width(most, style), room);
  sheet.text(most, x + (width - shown) / 2, y, style, { width: room });
}
