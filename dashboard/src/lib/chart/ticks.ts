/** Labels under the bars: clock times that are round, and the date in bold where a day (or a year of months) begins. */
import { formatClock, formatDay, formatWeekday } from '../time.ts';
import { wallOf, type Grain } from '../zone.ts';

export interface Tick {
  bucket: number;
  label: string;
  /** Begins something larger: drawn bold, with a dotted line. */
  strong: boolean;
}

const LABEL_WIDTH_PX = 74;
const STEPS: Record<Grain, readonly number[]> = { hour: [1, 2, 3, 6, 12, 24], day: [1, 2, 7, 14, 28, 56], month: [1, 2, 3, 6, 12] };

export function axisTicks(starts: readonly number[], grain: Grain, zone: string, widthPx: number): Tick[] {
  const room = Math.max(1, Math.floor(widthPx / LABEL_WIDTH_PX));
  const steps = STEPS[grain];
  const step = steps.find((candidate) => starts.length / candidate <= room) ?? Math.ceil(starts.length / room);
  const ticks: Tick[] = [];
  starts.forEach((start, bucket) => {
    const { label, place, strong } = describeStart(start, grain, zone, bucket);
    if (grain === 'day' ? bucket % step === 0 : place % step === 0) ticks.push({ bucket, label, strong });
  });
  return ticks;
}

function describeStart(start: number, grain: Grain, zone: string, bucket: number): { label: string; place: number; strong: boolean } {
  const wall = wallOf(start, zone);
  if (grain === 'hour') return { label: wall.hour === 0 ? formatWeekday(start, zone) : formatClock(start, zone), place: wall.hour, strong: wall.hour === 0 };
  if (grain === 'day') return { label: formatDay(start, zone, start), place: wall.day - 1, strong: wall.day === 1 };
  const label = formatDay(start, zone).split(' ').slice(1);
  const newYear = wall.month === 1 || bucket === 0;
  return { label: newYear ? label.join(' ') : (label[0] ?? ''), place: wall.month - 1, strong: wall.month === 1 };
}
