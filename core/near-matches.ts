/** Which names may have been meant by one that is unknown: written otherwise, mistyped, or with a part left out. */

/** Letters added, left out or exchanged, at most; in short names, one for each three letters. */
const EDITS_MAX = 3;
/** Shorter parts are found in everything. */
const PART_LENGTH_MIN = 4;
const TOLD_MAX = 3;

/** At most three of `names`, the nearest first. */
export function nearMatches(name: string, names: Iterable<string>): string[] {
  const wanted = plain(name);
  const editsMax = Math.min(EDITS_MAX, Math.floor(wanted.length / 3));
  const found: { candidate: string; distance: number }[] = [];
  for (const candidate of names) {
    const distance = distanceOf(wanted, plain(candidate), editsMax);
    if (distance !== undefined) found.push({ candidate, distance });
  }
  return found
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, TOLD_MAX)
    .map(({ candidate }) => candidate);
}

/** `API-Calls` and `api_calls` are the same to a person. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
}

function distanceOf(a: string, b: string, editsMax: number): number | undefined {
  const edits = editDistance(a, b, editsMax);
  if (edits !== undefined) return edits;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= PART_LENGTH_MIN && long.includes(short) ? EDITS_MAX + 1 : undefined;
}

/** Undefined where it is more than `max`. Levenshtein's, of which only the cells near the diagonal can be that small. */
function editDistance(a: string, b: string, max: number): number | undefined {
  if (Math.abs(a.length - b.length) > max) return undefined;
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = new Array<number>(b.length + 1).fill(max + 1);
    if (i <= max) next[0] = i;
    let least = next[0] ?? 0;
    for (let j = Math.max(1, i - max); j <= Math.min(b.length, i + max); j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const distance = Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
      next[j] = distance;
      least = Math.min(least, distance);
    }
    if (least > max) return undefined;
    row = next;
  }
  const distance = row[b.length] ?? 0;
  return distance > max ? undefined : distance;
}
