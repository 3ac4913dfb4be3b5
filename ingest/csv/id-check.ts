/**
 * Whether a mapped id stands for more than one usage event of the file: looked for before the first row is published, because of two
 * such events only one would be billed. Rows that say the same twice are duplicates, and fine.
 *
 *   repeated at all?  the cells of customer and id, one hash a row: most files end here
 *   with what?        the events themselves, as they would be published: which it is against what it says
 *   really?           the two rows are read again and compared as text, so that no two hashes that are alike by chance refuse a file
 *   by what else?     columns are added to the id until the whole file has none with two meanings
 */
import { joinIdCells } from '../../core/identity.ts';
import type { AmbiguousId, FileToCheck } from './event-contents.ts';
import { addKeyedLine, compareEvents, createKeyedLines, readDifferences } from './event-contents.ts';
import type { FileFault } from './faults.ts';
import { nameOf, suggestIdColumns } from './id-columns.ts';
import { KeyContents } from './key-contents.ts';
import type { ResolvedMapping } from './mapping.ts';
import { readRows } from './read-rows.ts';

const SHOWN_LENGTH_MAX = 80;

export interface IdCheck {
  fault: FileFault | undefined;
  /** Whether two events may have one id. */
  repeats: boolean;
}

/** No fault where each id stands for one event, and where ids are not taken from the file. Throws only what the source and the disk throw. */
export async function checkIds(file: FileToCheck): Promise<IdCheck> {
  const { mapping } = file;
  if (mapping.identity !== 'id-column') return { fault: undefined, repeats: false };
  if (isSeenInCells(mapping) && !(await repeatsId(file))) return { fault: undefined, repeats: false };
  const { differences } = await compareEvents(file);
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

async function repeatsId({ open, dialect, mapping, scratchDirectory, bytesMax }: FileToCheck): Promise<boolean> {
  const seen = new KeyContents({ directory: scratchDirectory, bytesMax });
  const customer = 'column' in mapping.customer ? mapping.customer.column : undefined;
  // The number of the line stands for what it says: each says something else, so that whatever comes twice is found.
  const content = Buffer.alloc(16);
  try {
    for await (const batch of readRows(await open(0), { dialect, width: mapping.header.length })) {
      const entries = createKeyedLines(batch.lines.length);
      for (let index = 0; index < batch.lines.length; index += 1) {
        if (batch.faults?.has(index) === true) continue;
        const cells = batch.cells[index] as string[];
        const id = joinIdCells(mapping.id.map((column) => cells[column] as string));
        // It will be rejected.
        if (id === '') continue;
        const owner = customer === undefined ? '' : (cells[customer] as string);
        const line = batch.lines[index] as number;
        content.writeDoubleLE(line);
        addKeyedLine(entries, `${owner.length}:${owner}${id}`, content, line);
      }
      await seen.add(entries);
      if (seen.differences.length > 0) return true;
    }
    await seen.finish();
    return seen.differences.length > 0;
  } finally {
    await seen.close();
  }
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
