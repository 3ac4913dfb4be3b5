/**
 * Whether a mapped id stands for more than one usage event of the file: looked for before the first row is published, because of two
 * such events only one would be billed. Rows that say the same twice are duplicates, and fine.
 *
 *   repeated at all?  the cells of customer and id, by a quick hash: most files end here
 *   with what?        the events of those rows, as they would be published: which it is against what it says
 *   really?           the two rows are read again and compared as text, so that no two hashes that are alike by chance refuse a file
 *   by what else?     columns are added to the id until the whole file has none with two meanings
 */
import { joinIdCells } from '../../core/identity.ts';
import type { AmbiguousId, FileToCheck } from './event-contents.ts';
import { compareEvents, compareLines, createKeyedLines, readDifferences } from './event-contents.ts';
import type { FileFault } from './faults.ts';
import { nameOf, suggestIdColumns } from './id-columns.ts';
import { KeyContents } from './key-contents.ts';
import type { ResolvedMapping } from './mapping.ts';
import { readRows } from './read-rows.ts';

const SHOWN_LENGTH_MAX = 80;
/** Rows that repeat an id, up to which they are compared by themselves: a few megabytes. With more of them, all rows are. */
const REPEATS_MAX = 100_000;

export interface IdCheck {
  fault: FileFault | undefined;
  /** Whether two events may have one id. */
  repeats: boolean;
}

/** No fault where each id stands for one event, and where ids are not taken from the file. Throws only what the source and the disk throw. */
export async function checkIds(file: FileToCheck): Promise<IdCheck> {
  const { mapping } = file;
  if (mapping.identity !== 'id-column') return { fault: undefined, repeats: false };
  const repeated = isSeenInCells(mapping) ? await findRepeated(file) : undefined;
  if (repeated?.size === 0) return { fault: undefined, repeats: false };
  const differences = repeated === undefined ? (await compareEvents(file)).differences : await compareLines(file, repeated);
  const ambiguous = await readDifferences(file, differences);
  const [first] = ambiguous;
  if (first === undefined) return { fault: undefined, repeats: true };
  const message = describe(first, mapping, await suggestIdColumns(file, ambiguous));
  return { fault: { code: 'id_not_unique', message }, repeats: true };
}

/** Where events can have one id only if their rows have the same cells of it. Not so where what is put behind the id stands in the file. */
function isSeenInCells({ measures }: ResolvedMapping): boolean {
  return measures.length === 1 || measures.every(({ meter }) => 'const' in meter && !meter.const.includes(':'));
}

/** The lines whose id stands on another one too; undefined where these are too many to be told apart from the others. */
async function findRepeated({ open, dialect, mapping, scratchDirectory, bytesMax }: FileToCheck): Promise<ReadonlySet<number> | undefined> {
  const seen = new KeyContents({ directory: scratchDirectory, bytesMax, differencesMax: REPEATS_MAX });
  const customer = 'column' in mapping.customer ? mapping.customer.column : undefined;
  const [first = -1] = mapping.id;
  const isSingle = mapping.id.length === 1;
  try {
    for await (const batch of readRows(await open(0), { dialect, width: mapping.header.length })) {
      const entries = createKeyedLines(batch.lines.length);
      const keys = new Uint32Array(entries.keys.buffer, entries.keys.byteOffset);
      const contents = new Float64Array(entries.contents.buffer, entries.contents.byteOffset);
      for (let index = 0; index < batch.lines.length; index += 1) {
        if (batch.faults?.has(index) === true) continue;
        const cells = batch.cells[index] as string[];
        const id = isSingle ? (cells[first] as string) : joinIdCells(mapping.id.map((column) => cells[column] as string));
        // It will be rejected.
        if (id === '') continue;
        const line = batch.lines[index] as number;
        writeQuickHash(id, customer === undefined ? '' : (cells[customer] as string), keys, entries.count * 4);
        // The line stands for what it says: each says something else, so that whatever comes twice is found.
        contents[entries.count * 2] = line;
        entries.lines[entries.count] = line;
        entries.count += 1;
      }
      await seen.add(entries);
      if (seen.differences.length === REPEATS_MAX) return undefined;
    }
    await seen.finish();
    const { differences } = seen;
    return differences.length === REPEATS_MAX ? undefined : new Set(differences.flatMap(({ first, second }) => [first, second]));
  } finally {
    await seen.close();
  }
}

/**
 * A tenth of the time of a SHA-256. Of a hundred million ids any two have one hash with a chance of some 1 in 1,000, which costs the
 * second pass and nothing else. 64 bits, twice: a key has 128.
 */
function writeQuickHash(id: string, owner: string, keys: Uint32Array, at: number): void {
  let a = 0x2545f491 ^ id.length;
  let b = 0x6c8e9cf5 ^ owner.length;
  for (let n = 0; n < id.length; n += 1) {
    const code = id.charCodeAt(n);
    a = Math.imul(a ^ code, 0x9e3779b1);
    b = Math.imul((b << 5) ^ (b >>> 27) ^ code, 0x85ebca6b);
  }
  for (let n = 0; n < owner.length; n += 1) {
    const code = owner.charCodeAt(n);
    a = Math.imul((a << 7) ^ (a >>> 25) ^ code, 0x9e3779b1);
    b = Math.imul(b ^ code, 0x85ebca6b);
  }
  // Into all bits: the table and the buckets take their places from some of them.
  a = Math.imul(a ^ (a >>> 15), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x27d4eb2f);
  keys[at] = keys[at + 2] = (a ^ (b >>> 13)) >>> 0;
  keys[at + 1] = keys[at + 3] = (b ^ (a >>> 16)) >>> 0;
}

function describe({ lines, cells }: AmbiguousId, mapping: ResolvedMapping, added: readonly number[] | undefined): string {
  const id = joinIdCells(mapping.id.map((column) => cells[0][column] ?? ''));
  const shown = id.length > SHOWN_LENGTH_MAX ? `${id.slice(0, SHOWN_LENGTH_MAX).toWellFormed()}…` : id;
  const names = mapping.id.map((column) => nameOf(mapping, column));
  const what = `The id "${shown}" stands for different usage on lines ${lines[0]} and ${lines[1]}, so ${quoted(names)} alone ${names.length > 1 ? 'are' : 'is'} not unique in this file.`;
  if (added === undefined)
    return `${what} No few columns together are: leave id out of the mapping, and rows are told apart by all that they say ("identity": "row").`;
  const columns = [...names, ...added.map((column) => nameOf(mapping, column))];
  return `${what} Together with ${quoted(columns.slice(names.length))} ${names.length > 1 ? 'they are' : 'it is'}: map "id": ${JSON.stringify(columns)}.`;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(' and ');
}
