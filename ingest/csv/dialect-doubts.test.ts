/** What a file leaves open, and what is a question. */
import { describe, expect, it } from 'vitest';
import { confidencesOf, readText } from '../../test/support/read-text.ts';

describe('lines that are no rows', () => {
  it('comments between rows are found where no row begins like one', async () => {
    const found = await readText('# made by x\ncustomer,time,n\nacme,2026-10-01,5\n# shift "b", night\nbeta,2026-10-01,6\n');
    expect(found.dialect).toMatchObject({ comment: '#', skipLines: 0 });
    expect([found.rows.length, found.lines, found.faults]).toEqual([2, [3, 5], []]);
    expect(confidencesOf(found)).toMatchObject({ comment: 'likely' });
  });

  it('rows that begin with # are rows', async () => {
    const found = await readText('no,time,n\n#1,2026-10-01,5\n#2,2026-10-01,6\n');
    expect(found.dialect.comment).toBe('');
    expect(found.rows[0]?.[0]).toBe('#1');
    expect((await readText('#,name,n\n1,a,2\n')).header).toEqual(['#', 'name', 'n']);
  });

  it('a header behind a # stays the header', async () => {
    const found = await readText('# export 7\n#customer,time,n\nacme,2026-10-01,5\nbeta,2026-10-01,6\n');
    expect(found.header).toEqual(['#customer', 'time', 'n']);
    expect(found.dialect).toMatchObject({ skipLines: 1, comment: '' });
    expect(found.rows).toHaveLength(2);
  });

  it('a comment mark is one that was declared', async () => {
    const found = await readText('// a\ncustomer,n\n// b, c, d\nacme,5\n', { comment: '//' });
    expect([found.header, found.rows]).toEqual([['customer', 'n'], [['acme', '5']]]);
  });
});

describe('delimiters behind the last cell', () => {
  it('are seen in header and rows', async () => {
    const found = await readText('a,b,\n1,2,\n3,4,\n');
    expect(found.dialect.trailingDelimiter).toBe(true);
    expect([found.header, found.rows]).toEqual([
      ['a', 'b'],
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ]);
  });

  it('are seen in rows only, and in the header only', async () => {
    const rows = await readText('a,b\n1,2,\n3,4,\n');
    expect([rows.dialect.trailingDelimiter, rows.header, rows.rows.length]).toEqual([true, ['a', 'b'], 2]);
    const header = await readText('a,b,\n1,2\n3,4\n');
    expect([header.dialect.trailingDelimiter, header.header, header.rows.length]).toEqual([false, ['a', 'b'], 2]);
  });

  it('are none where a nameless column holds something', async () => {
    const found = await readText('a,b,\n1,2,x\n3,4,\n');
    expect([found.dialect.trailingDelimiter, found.header]).toEqual([false, ['a', 'b', '']]);
  });

  it('can be declared away', async () => {
    expect((await readText('a,b,\n1,2,\n3,4,\n', { trailingDelimiter: false })).header).toEqual(['a', 'b', '']);
    expect((await readText('1,2,\n3,4,\n', { header: false, trailingDelimiter: true })).header).toEqual(['#1', '#2']);
  });
});

describe('quotes', () => {
  it('apostrophes enclose where the header is enclosed too', async () => {
    const found = await readText("'customer','n'\n'O''Neill, Ltd','5'\n'acme','6'\n");
    expect(found.dialect).toMatchObject({ quote: "'", escape: "'" });
    expect(found.rows[0]).toEqual(["O'Neill, Ltd", '5']);
  });

  it('an apostrophe here and there is text', async () => {
    const found = await readText("customer,n\nO'Neill,5\n'n/a',6\nacme,7\n");
    expect(found.dialect.quote).toBe('"');
    expect(found.rows.map(([customer]) => customer)).toEqual(["O'Neill", "'n/a'", 'acme']);
  });

  it('inches are asked about, and are text once that is said', async () => {
    const file = 'disk,n\n3.5" drive,1\n2.5" drive,2\n';
    await expect(readText(file)).rejects.toThrow(/^undetected_quote: .*line 2.*say quote=none/);
    expect((await readText(file, { quote: 'none' })).rows).toEqual([
      ['3.5" drive', '1'],
      ['2.5" drive', '2'],
    ]);
    expect((await readText(file, { quote: '"' })).faults).toEqual(['2 stray_quote', '3 stray_quote']);
  });

  it('a stray one among sound rows is the fault of its row', async () => {
    const found = await readText('disk,n\n"3.5"" drive",1\n2.5" drive,2\nx,3\n');
    expect([found.rows.length, found.faults]).toEqual([2, ['3 stray_quote']]);
  });
});

describe('doubt', () => {
  it.each([
    ['a;b,c\n1;2,3\n', /^undetected_delimiter: comma and semicolon separate the columns equally well; say which with `delimiter`/],
    ['total usage\n5\n', /^undetected_delimiter: no comma, semicolon, tab or pipe separates/],
    ['a,b\n1,2\n\r3,4\n', /^undetected_newline: 3 lines end in LF, 1 in CR.*say newline=mixed/],
    ['p,n\n"C:\\\\",1\n"D:\\\\",2\n', /^undetected_escape: .*say escape=backslash .*escape=doubled/],
    ['p\tn\na\\\\b\t1\n', /^undetected_escape: "\\\\" stands outside of quotes on line 2; .*say escape=doubled .or quote=none/],
    ['p\tn\na\t1\nb\\nc\t2\n', /^undetected_escape: .*"\\n" stands .* line 3; .*export the file as CSV/],
    ['p,n\n"a, b",1\n\\\\srv,2\n', /^undetected_escape: .* line 3; .*say escape=doubled/],
    ["x,y\n1,'a'\n2,'b'\n", /^undetected_quote: cells stand between apostrophes; say quote='/],
    ['Oct 01 2026,acme\nOct 02 2026,acme\n', /^undetected_header: line 1 should be the header, but "Oct 01 2026" looks like data/],
    ['cust-0017,x\ncust-0018,y\n', /^undetected_header: .*"cust-0017"/],
    ['5,6\n7,8\n', /^undetected_header: line 1 should be the header, but "5" looks like data; say header=false/],
  ])('%j is a question that names its option', async (file, question) => {
    await expect(readText(file)).rejects.toThrow(question);
  });

  it.each([
    ['a cell that stands for nothing', 'p\tn\na\t1\n\\N\t2\n', ['\\N', '2']],
    ['a backslash before something else', 'p\tn\na\t1\nD:\\old\t2\n', ['D:\\old', '2']],
    ['two backslashes where quotes are doubled', 'p\tn\n"say ""a"""\t1\n\\\\srv\t2\n', ['\\\\srv', '2']],
    ['cells that are quoted here and there', 'p\tn\n"a"\t1\nC:\\new\t2\n', ['C:\\new', '2']],
  ])('%s is no question', async (_what, file, cells) => {
    const found = await readText(file);
    expect(found.rows.at(-1)).toEqual(cells);
  });

  it('a header that is shorter than its rows is no title', async () => {
    const found = await readText('customer,time\nacme,2026-10-01,5\nacme,2026-10-02,6\n');
    expect([found.header, found.dialect.skipLines, found.faults]).toEqual([
      ['customer', 'time'],
      0,
      ['2 too_many_cells', '3 too_many_cells'],
    ]);
  });

  it('gives a reason for every property, in the words of the file', async () => {
    const { choices, dialect } = await readText('customer;time;calls\nacme;2026-10-01T05:00:00Z;5\n');
    expect(choices.map(({ property }) => property)).toEqual(Object.keys(dialect));
    expect(choices.find(({ property }) => property === 'delimiter')).toEqual({
      property: 'delimiter',
      confidence: 'certain',
      reason: '1 of 1 rows of the head have 3 cells',
    });
    expect(choices.every(({ reason }) => reason.length > 0)).toBe(true);
  });
});
