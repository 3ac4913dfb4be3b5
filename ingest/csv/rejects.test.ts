import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CALLS, identitiesOf, processText } from '../../test/support/process-text.ts';
import type { RejectedRow } from './faults.ts';
import { RejectedCsvWriter, RejectSummary } from './rejects.ts';

describe('rejects', () => {
  it('can be mended in rejected.csv and come back with the ids of the corrected file', async () => {
    const good = ['acme,2026-10-01T05:00:00Z,1', '"x, y",2026-10-01T05:00:00Z,2'];
    const content = `customer,time,n\r\n${[...good, '"a ""b""\r\nc",2026-10-01T05:00:00Z,1O', 'late,2026-10-01T05:00:00Z'].join('\r\n')}`;
    const { rejects } = await processText(content, CALLS);
    const directory = await mkdtemp(join(tmpdir(), 'rejects-'));
    const path = join(directory, 'rejected.csv');
    const writer = new RejectedCsvWriter({
      path,
      dialect: { encoding: 'utf-8', bom: false, delimiter: ',', quote: '"', escape: '"', newline: 'CRLF', header: true },
      header: ['customer', 'time', 'n'],
    });
    await writer.append(rejects);
    expect(await writer.finish()).toBe(true);
    const rejected = (await readFile(path)).toString();
    await rm(directory, { recursive: true });
    expect(rejected.split('\r\n').slice(0, 3)).toEqual([
      'customer,time,n,error_line,error_column,error_code,error_message',
      '"a ""b""',
      `c",2026-10-01T05:00:00Z,1O,4,n,invalid_number,"""1O"": not a plain number; declare \`decimal\` and \`thousands\` if it is written in that style"`,
    ]);
    const again = await processText(rejected, CALLS);
    expect(again.rejects.map(({ code }) => code)).toEqual(['invalid_number', 'too_few_cells']);
    const mend = (text: string) => text.replace('1O', '10').replace('late,2026-10-01T05:00:00Z', 'late,2026-10-01T05:00:00Z,7');
    expect(identitiesOf(await processText(mend(rejected), CALLS))).toEqual(identitiesOf(await processText(mend(content), CALLS)).slice(2));
  });

  it('are summed up by kind with three examples each, as text that Postgres takes', () => {
    const summary = new RejectSummary();
    const reject = (line: number, raw: Buffer): RejectedRow => ({ code: 'nul_byte', column: null, message: 'm', line, raw, cut: false });
    summary.add([2, 3, 4, 5].map((line) => reject(line, Buffer.concat([Buffer.from('a\0\xff', 'latin1'), Buffer.from('😀'.repeat(600))]))));
    summary.add([{ ...reject(9, Buffer.from('x')), code: 'stray_quote' }]);
    const [first, second] = summary.groups();
    expect(first).toMatchObject({ code: 'nul_byte', count: 4 });
    expect(first?.examples.map(({ line }) => line)).toEqual([2, 3, 4]);
    expect(first?.examples[0]?.raw).toHaveLength(1000);
    expect(first?.examples[0]?.raw.slice(0, 3)).toBe('a␀\ufffd');
    expect(first?.examples[0]?.raw.isWellFormed()).toBe(true);
    expect(second).toMatchObject({ code: 'stray_quote', count: 1 });
  });
});
