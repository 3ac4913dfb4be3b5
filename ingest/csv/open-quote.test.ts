import { describe, expect, it } from 'vitest';
import { READING_LIMITS } from '../../config-limits.ts';
import { plainDialect } from '../../test/support/dialect.ts';
import { readFileRows, summaryOf } from '../../test/support/read-rows.ts';

const three = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `r${from + n},2,3\n`).join('');
const rows = (count: number, line: number, from = 0) => Array.from({ length: count }, (_, n) => [line + n, `r${from + n}·2·3`]);
const H = 'a,b,c\n';

/** The same whatever the chunks and blocks. */
async function read(text: string, options: Parameters<typeof readFileRows>[1] = {}) {
  const whole = summaryOf(await readFileRows(text, { width: 3, ...options }));
  for (const chunkBytes of [1, 7])
    for (const blockBytes of [5, 64])
      expect(summaryOf(await readFileRows(text, { width: 3, ...options, chunkBytes, blockBytes }))).toEqual(whole);
  return whole;
}

describe('a quote left open', () => {
  it.each([
    ['in a file without other quotes', `${H}1,"2,3\n${three(20)}`, [[2, 'unclosed_quote'], ...rows(20, 3)]],
    [
      'twice, far apart',
      `${H}1,"2,3\n${three(12)}1,2,"x\n${three(12)}`,
      [[2, 'unclosed_quote'], ...rows(12, 3), [15, 'unclosed_quote'], ...rows(12, 16)],
    ],
    [
      'where every cell has quotes',
      `${H}"1","2","3\n"4","5","6"\n"7","8","9"\n`,
      [
        [2, 'unclosed_quote'],
        [3, '4·5·6'],
        [4, '7·8·9'],
      ],
    ],
    [
      'on the last line',
      `${H}1,2,3\n4,"5`,
      [
        [2, '1·2·3'],
        [3, 'unclosed_quote'],
      ],
    ],
    [
      'as the last character',
      `${H}1,2,3\n"`,
      [
        [2, '1·2·3'],
        [3, 'unclosed_quote'],
      ],
    ],
    ['before nothing but blank lines', `${H}4,5,"6\n\n\n`, [[2, 'unclosed_quote']]],
    [
      'on a later line of its record',
      `${H}"1\n1","2,3\n4,5,6\n`,
      [
        [3, 'unclosed_quote'],
        [4, '4·5·6'],
      ],
    ],
    [
      'and paired with a later one to a record of another width',
      `${H}1,"2\n${three(12)}1,2,",x,y\n${three(12)}`,
      [[2, 'unclosed_quote'], ...rows(12, 3), [15, 'unclosed_quote'], ...rows(12, 16)],
    ],
    [
      'and paired with a later one to a record of the right width',
      `${H}1,2,"\n${three(12)}3,4,"\n${three(12)}`,
      [[2, 'unclosed_quote'], ...rows(12, 16)],
    ],
  ] as const)('%s is one rejected record', async (_, text, expected) => {
    expect(await read(text)).toEqual(expected);
  });

  it.each([
    ['nothing but text follows', `${H}1,2,3\n4,5,"Dear Sir,\nI wrote to you\nin vain\n`, 3],
    ['one of the next rows is short', `${H}4,5,"6\n1,2,3\n1,2\n${three(20)}`, 2],
    ['quotes are mere inch marks', `${H}1,"2,3\n4,"5,6\n7,"8,9\n`, 2],
  ])('fails the file where %s', async (_, text, line) => {
    const summary = await read(text);
    expect(summary.at(-1)).toEqual([line, 'file: unclosed_quote']);
    expect(summary.slice(0, -1)).toEqual(line === 3 ? [[2, '1·2·3']] : []);
  });

  it('fails a file of one column: any text would be a row', async () => {
    expect(await read('a\n1\n"2\n3\n4\n', { width: 1 })).toEqual([
      [2, '1'],
      [3, 'file: unclosed_quote'],
    ]);
  });

  it('is seen through a record that closes it, with a stray quote, over lines of text', async () => {
    const text = `${H}1,2,"He said\n"fine" and\nleft",x\n${three(12)}`;
    // Line 3 is no row, so neither reading is certain: line 4 would be one of two cells more.
    expect(await read(text)).toEqual([[2, 'file: unclosed_quote']]);
    expect(await read(`${H}1,2,"He said\n"fine" and left"\n${three(12)}`)).toEqual([[2, 'stray_quote'], ...rows(12, 4)]);
  });

  it('believes a quoted cell of several lines whose record has all its cells, whatever stands in a few of them', async () => {
    expect(await read(`${H}1,"2,3\n${three(9)}",3\n4,5,6\n`)).toEqual([
      [2, `1·2,3\n${three(9)}·3`],
      [13, '4·5·6'],
    ]);
  });

  it('rejects a record of several lines for its width where the next lines are no rows', async () => {
    expect(await read(`${H}1,"two\nlines"\n4,5,6\n`)).toEqual([
      [2, 'too_few_cells'],
      [4, '4·5·6'],
    ]);
  });

  describe('in a record beyond the limit', () => {
    const dialect = { ...plainDialect(), limits: { ...READING_LIMITS, recordBytesMax: 40 } };
    const long = 'y'.repeat(60);
    it.each([
      ['is one rejected record where rows follow', `${H}1,"2,3\n${three(40)}`, [[2, 'unclosed_quote'], ...rows(40, 3)]],
      [
        'lets the record be too large where its lines are no rows',
        `${H}1,"${long}\n${long}",3\n${three(3)}`,
        [[2, 'record_too_large'], ...rows(3, 4)],
      ],
      ['fails the file where its lines are rows, in doubt', `${H}1,"${long}\n1,2,3\n`, [[2, 'file: unclosed_quote']]],
      ['fails the file where it is never closed', `${H}1,"${long}\n${long}\n${long}\n`, [[2, 'file: unclosed_quote']]],
      ['fails the file where it is closed by a stray one', `${H}1,"${long}\n${long}"${long}\n${three(3)}`, [[2, 'file: unclosed_quote']]],
      [
        'does no harm on the last line',
        `${H}1,2,3\n1,"${long}`,
        [
          [2, '1·2·3'],
          [3, 'record_too_large'],
        ],
      ],
    ] as const)('%s', async (_, text, expected) => {
      expect(await read(text, { dialect })).toEqual(expected);
    });
  });

  it('is found the same by whoever resumes at any batch', async () => {
    const text = `${H}${three(5)}1,"2,3\n${three(12, 5)}"4","5","x\n"7","8","9"\n${three(12, 17)}`;
    const all = await readFileRows(text, { width: 3, blockBytes: 40 });
    expect(all.rows).toHaveLength(5 + 12 + 12 + 3);
    const bytes = Buffer.from(text);
    for (const { row, line } of all.rows) {
      if (all.rows[row - 1]?.fault !== undefined) continue;
      const byte =
        text
          .split('\n')
          .slice(0, line - 1)
          .join('\n').length + 1;
      const rest = await readFileRows(bytes.subarray(byte), { width: 3, from: { line, row, byte } });
      expect(rest.rows).toEqual(all.rows.slice(row - 1));
    }
  });
});
