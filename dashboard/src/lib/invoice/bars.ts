/** Days and hours of a line as small bars. */
import type { Bar } from '../components/invoice/MiniBars.svelte';
import { approximate } from '../decimal.ts';
import { formatDecimal, formatMoney } from '../format.ts';
import { formatClock, formatDay } from '../time.ts';
import type { TraceDay, TraceHour } from './trace.ts';

interface Look {
  zone: string;
  currency: string;
  chosen: string | null;
}

const text = (name: string, { quantity, amount }: { quantity: string; amount: string }, currency: string) =>
  `${name}: ${formatDecimal(quantity)}, ${formatMoney(amount, currency)}`;

/** A chosen bar says its name; the ticks beside it make room. */
export function dayBars(days: readonly TraceDay[], { zone, currency, chosen }: Look, long = false): Bar[] {
  const at = days.findIndex(({ key }) => key === chosen);
  return days.map((day, index) => {
    const name = formatDay(day.start, zone, day.start);
    const short = long ? name : (name.split(' ')[0] ?? '');
    const ticked = long ? index === 0 || index === days.length - 1 : index % 7 === 0;
    const covered = at >= 0 && index !== at && Math.abs(index - at) < 3;
    return {
      key: day.key,
      label: text(name, day, currency),
      height: approximate(day.quantity),
      ...(index === at || (ticked && !covered) ? { tick: short } : {}),
    };
  });
}

export function hourBars(hours: readonly TraceHour[], { zone, currency, chosen }: Look): Bar[] {
  const at = hours.findIndex(({ start }) => String(start) === chosen);
  return hours.map((hour, index) => {
    const clock = formatClock(hour.start, zone);
    const covered = at >= 0 && index !== at && Math.abs(index - at) < 3;
    const ticked = index === 0 || index === hours.length - 1;
    return {
      key: String(hour.start),
      label: text(clock, hour, currency),
      height: approximate(hour.quantity),
      ...(index === at || (ticked && !covered) ? { tick: clock } : {}),
    };
  });
}
