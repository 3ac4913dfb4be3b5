/** Times as text. Every function is told the zone, because every time on a page stands beside one. */
import { nextStart, pad, wallOf, type Grain } from './zone.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTHS_LONG = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

export function formatClock(ms: number, zone: string, seconds = false): string {
  const { hour, minute, second } = wallOf(ms, zone);
  return `${pad(hour)}:${pad(minute)}${seconds ? `:${pad(second)}` : ''}`;
}

/** "19 Nov", with the year when it is another than that of `now`. */
export function formatDay(ms: number, zone: string, now?: number): string {
  const { year, month, day } = wallOf(ms, zone);
  const base = `${day} ${MONTHS[month - 1] ?? ''}`;
  return now !== undefined && wallOf(now, zone).year === year ? base : `${base} ${year}`;
}

export function formatWeekday(ms: number, zone: string): string {
  const { year, month, day } = wallOf(ms, zone);
  return `${WEEKDAYS[new Date(Date.UTC(year, month - 1, day)).getUTCDay()] ?? ''} ${day} ${MONTHS[month - 1] ?? ''}`;
}

/** "19 Nov 12:41", as in a history. */
export function formatMoment(ms: number, zone: string, now?: number): string {
  return `${formatDay(ms, zone, now)} ${formatClock(ms, zone)}`;
}

/** "2026-10-14 13:25:07.123456": every digit the record has, in its zone. */
export function formatExact(iso: string, zone: string): string {
  const ms = Date.parse(iso);
  const { year, month, day } = wallOf(ms, zone);
  const fraction = /\.(\d+)/.exec(iso)?.[1]?.replace(/0+$/, '') ?? '';
  return `${year}-${pad(month)}-${pad(day)} ${formatClock(ms, zone, true)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** "October 2026" of `2026-10`. */
export function formatMonth(key: string): string {
  const [year = '', month = '1'] = key.split('-');
  return `${MONTHS_LONG[Number(month) - 1] ?? month} ${year}`;
}

/** What a bar stands for: "Wed 18 Nov 13:00–14:00", "Wed 18 Nov 2026", "November 2026". */
export function formatBucket(start: number, grain: Grain, zone: string): string {
  const { year, month } = wallOf(start, zone);
  if (grain === 'month') return formatMonth(`${year}-${pad(month)}`);
  if (grain === 'day') return `${formatWeekday(start, zone)} ${year}`;
  return `${formatWeekday(start, zone)} ${formatClock(start, zone)}\u2013${formatClock(nextStart(start, 'hour', zone), zone)}`;
}

/** "12 Nov 2026 12:00 – 19 Nov 2026 12:43", without times that are midnight. */
export function formatRange(from: number, to: number, zone: string): string {
  const midnight = (ms: number) => formatClock(ms, zone) === '00:00';
  const whole = midnight(from) && midnight(to);
  const text = (ms: number) => (whole ? formatDay(ms, zone) : formatMoment(ms, zone));
  return `${text(from)} \u2013 ${text(whole ? to - 1 : to)}`;
}
