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
  let year: number | undefined;
  starts.forEach((start, bucket) => {
    const wall = wallOf(start, zone);
    if ((grain === 'hour' ? wall.hour : bucket) % step !== 0) return;
    ticks.push({ bucket, ...describeStart(start, grain, zone, year) });
    year = wall.year;
  });
  // Days at midnight cannot be told by the hour alone: of more than there is room for, every second, third … stays.
  const each = Math.ceil(ticks.length / room);
  return ticks.filter((_, place) => place % each === 0);
}

/** `year` is that of the tick before. */
function describeStart(start: number, grain: Grain, zone: string, year: number | undefined): Pick<Tick, 'label' | 'strong'> {
  const wall = wallOf(start, zone);
  if (grain === 'hour')
    return wall.hour === 0 ? { label: formatWeekday(start, zone), strong: true } : { label: formatClock(start, zone), strong: false };
  if (grain === 'day')
    return {
      label: formatDay(start, zone, year === undefined || year === wall.year ? start : undefined),
      strong: wall.day === 1 || (year !== undefined && year !== wall.year),
    };
  const [, month = '', number = ''] = formatDay(start, zone).split(' ');
  return { label: wall.year === year ? month : `${month} ${number}`, strong: year !== undefined && wall.year !== year };
}
