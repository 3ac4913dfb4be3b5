/** Which character separates the cells: the one that gives header and rows the same number of them. */
import type { FileFault } from './faults.ts';
import type { HeadRecord } from './head-records.ts';

const CANDIDATES = [',', ';', '\t', '|'] as const;
const NAMES: Readonly<Record<string, string>> = { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'pipe' };
/** Rows that must agree with the header. Some may be broken, which is theirs to say, not the delimiter's. */
const AGREEMENT_MIN = 0.5;
/** One name without a separator of any kind: the header of a file of one column. */
const PLAIN_WORD = /^[\p{L}_][\p{L}\p{N}_.-]*$/u;

export type DelimiterOutcome = { ok: true; delimiter: string; records: HeadRecord[] } | { ok: false; fault: FileFault };

export function chooseDelimiter(read: (delimiter: string) => HeadRecord[], declared: string | undefined): DelimiterOutcome {
  if (declared !== undefined) return { ok: true, delimiter: declared, records: read(declared) };
  const trials = CANDIDATES.map((delimiter) => {
    const records = read(delimiter);
    const width = records[0]?.cells.length ?? 0;
    const rows = records.slice(1);
    const agreeing = rows.filter(({ cells }) => cells.length === width).length;
    return { delimiter, records, width, agreement: rows.length === 0 ? 1 : agreeing / rows.length };
  });
  const first = trials[0];
  if (first === undefined || first.records.length === 0) return { ok: true, delimiter: ',', records: first?.records ?? [] };

  // A first line that cannot be read under any of them is a fault of its own, and not of the delimiter.
  if (trials.every(({ width }) => width === 0)) return { ok: true, delimiter: ',', records: first.records };

  const possible = trials.filter(({ width }) => width > 1);
  const likely = possible.filter(({ agreement }) => agreement >= AGREEMENT_MIN).sort((a, b) => b.agreement - a.agreement);
  const [best, second] = likely;
  if (best && (second === undefined || best.agreement > second.agreement))
    return { ok: true, delimiter: best.delimiter, records: best.records };
  if (best) {
    const names = likely.filter(({ agreement }) => agreement === best.agreement).map(({ delimiter }) => NAMES[delimiter]);
    return undetected(`${names.join(' and ')} separate the columns equally well; say which with \`delimiter\``);
  }
  const [only] = possible;
  const unrivalled = trials.every((trial) => trial === only || trial.records.every(({ cells }) => cells.length <= 1));
  if (only && unrivalled) return { ok: true, delimiter: only.delimiter, records: only.records };
  if (possible.length > 0) {
    const names = possible.map(({ delimiter }) => NAMES[delimiter]);
    return undetected(
      `the rows do not have as many cells as the header, whether separated by ${names.join(' or ')}; say which with \`delimiter\``,
    );
  }
  const word = first.records[0]?.cells[0] ?? '';
  const single = PLAIN_WORD.test(word) && trials.every(({ agreement }) => agreement >= AGREEMENT_MIN);
  if (single) return { ok: true, delimiter: ',', records: first.records };
  return undetected('no comma, semicolon, tab or pipe separates the first line into columns; say what does with `delimiter`');
}

function undetected(message: string): { ok: false; fault: FileFault } {
  return { ok: false, fault: { code: 'undetected_delimiter', message } };
}
