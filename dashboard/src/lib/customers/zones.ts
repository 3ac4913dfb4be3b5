/** Finding a time zone by what people call it: "berlin", "new york", "+5:45". */
import { offsetOf, pad } from '../zone.ts';

/** "UTC+01:00" at this moment. */
export function offsetText(now: number, zone: string): string {
  const minutes = Math.round(offsetOf(now, zone) / 60_000);
  const size = Math.abs(minutes);
  return minutes === 0 ? 'UTC' : `UTC${minutes < 0 ? '\u2212' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}

/** At most `limit` of the names; those that begin with what is typed, or whose city does, come first. */
export function findZones(typed: string, names: readonly string[], limit: number): string[] {
  const words = plain(typed).split(' ').filter(Boolean);
  const found = names.filter((name) => words.every((word) => plain(name).includes(word)));
  const [first = ''] = words;
  const rank = (name: string) => (plain(name.split('/').at(-1) ?? '').startsWith(first) ? 0 : 1);
  return [...found].sort((a, b) => rank(a) - rank(b)).slice(0, limit);
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[/_\s]+/g, ' ')
    .trim();
}
