/** Files as programs write them: what is detected, and that the reader then finds the cells that stand there. */
import { describe, expect, it } from 'vitest';
import { confidencesOf, readText } from '../../test/support/read-text.ts';

describe('spreadsheets', () => {
  it('German Excel: a line sep=;, decimal commas, Windows line endings', async () => {
    const file = 'sep=;\r\nKunde;Zeit;Verbrauch (kWh)\r\nacme;01.10.2026 05:00;1.234,5\r\n"Müller; Söhne";01.10.2026 06:00;0,25\r\n';
    const found = await readText(`\ufeff${file}`);
    expect(found.dialect).toEqual({
      encoding: 'utf-8',
      bom: true,
      delimiter: ';',
      quote: '"',
      escape: '"',
      newline: 'CRLF',
      header: true,
      skipLines: 1,
      comment: '',
      trailingDelimiter: false,
      shortRows: 'reject',
    });
    expect(found.header).toEqual(['Kunde', 'Zeit', 'Verbrauch (kWh)']);
    expect(found.headerLine).toBe(2);
    expect(found.rows).toEqual([
      ['acme', '01.10.2026 05:00', '1.234,5'],
      ['Müller; Söhne', '01.10.2026 06:00', '0,25'],
    ]);
    expect(confidencesOf(found)).toMatchObject({
      delimiter: 'certain',
      quote: 'certain',
      newline: 'certain',
      header: 'certain',
      skipLines: 'certain',
    });
    const ansi = await readText(Buffer.from(file.replace('Kunde', 'Käufer'), 'latin1'));
    expect([ansi.dialect.encoding, ansi.header[0], ansi.rows]).toEqual(['windows-1252', 'Käufer', found.rows]);
  });

  it('a title behind the line sep=', async () => {
    const found = await readText('sep=;\r\nUsage of October\r\n\r\ncustomer;time;calls\r\nacme;2026-10-01;5\r\nbeta;2026-10-01;6\r\n');
    expect(found.dialect).toMatchObject({ delimiter: ';', skipLines: 3 });
    expect([found.header, found.lines]).toEqual([
      ['customer', 'time', 'calls'],
      [5, 6],
    ]);
  });

  it('a line sep= that names what nobody would guess', async () => {
    expect((await readText('sep=^\na^b,c\n1^2,3\n')).header).toEqual(['a', 'b,c']);
    expect((await readText('"sep=\t"\na\tb\n1\t2\n')).dialect).toMatchObject({ delimiter: '\t', skipLines: 1 });
    expect((await readText('sep=;\na,b\n1,2\n', { delimiter: ',' })).header).toEqual(['a', 'b']);
  });

  it('Excel "Unicode Text": UTF-16 with tabs', async () => {
    const text = '\ufeffCustomer\tTime\tMinutes\r\nŁódź 😀\t2026-10-01 05:00\t"1,5"\r\nacme\t2026-10-01 06:00\t2\r\n';
    const found = await readText(Buffer.from(text, 'utf16le'));
    expect(found.dialect).toMatchObject({ encoding: 'utf-16le', bom: true, delimiter: '\t', newline: 'CRLF' });
    expect(found.header).toEqual(['Customer', 'Time', 'Minutes']);
    expect(found.rows).toEqual([
      ['Łódź 😀', '2026-10-01 05:00', '1,5'],
      ['acme', '2026-10-01 06:00', '2'],
    ]);
    expect((await readText(Buffer.from(text.slice(1), 'utf16le').swap16())).rows).toEqual(found.rows);
  });

  it('quoted line breaks of cells (LF) beside those of rows (CRLF)', async () => {
    const found = await readText('name,note,n\r\nacme,"two\nlines",5\r\nbeta,,6\r\n');
    expect(found.dialect.newline).toBe('CRLF');
    expect([found.rows, found.lines]).toEqual([
      [
        ['acme', 'two\nlines', '5'],
        ['beta', '', '6'],
      ],
      [2, 4],
    ]);
  });

  it('titles above the table, filled up with empty cells, and blank lines', async () => {
    const found = await readText('Usage report,,,\n,,,\nCustomer,Time,Calls,Note\nacme,2026-10-01,5,\nbeta,2026-10-01,6,x\n');
    expect(found.dialect.skipLines).toBe(2);
    expect(found.header).toEqual(['Customer', 'Time', 'Calls', 'Note']);
    expect(found.headerLine).toBe(3);
    expect(found.rows).toHaveLength(2);
    expect(confidencesOf(found)).toMatchObject({ skipLines: 'likely' });
  });

  it('an old Macintosh: lines end in CR', async () => {
    const found = await readText('customer;time;calls\racme;2026-10-01;5\r"be\rta";2026-10-01;6\r');
    expect(found.dialect).toMatchObject({ newline: 'CR', delimiter: ';' });
    expect([found.rows, found.lines]).toEqual([
      [
        ['acme', '2026-10-01', '5'],
        ['be\rta', '2026-10-01', '6'],
      ],
      [2, 3],
    ]);
  });
});

describe('cloud bills', () => {
  it('AWS: slashes and colons in names, JSON in cells', async () => {
    const found = await readText(
      'identity/LineItemId,identity/TimeInterval,lineItem/UsageAmount,resourceTags/user:Name,product/attributes\n' +
        'xyz,2026-10-01T00:00:00Z/2026-10-01T01:00:00Z,1.81E-8,"a;b|c","{""sku"":""S1"",""memory"":""8 GiB""}"\n' +
        'xyz,2026-10-01T01:00:00Z/2026-10-01T02:00:00Z,2,,"{}"\n',
    );
    expect(found.dialect).toMatchObject({ delimiter: ',', quote: '"', escape: '"' });
    expect(confidencesOf(found)).toMatchObject({ quote: 'certain', escape: 'certain', header: 'certain' });
    expect(found.rows[0]).toEqual([
      'xyz',
      '2026-10-01T00:00:00Z/2026-10-01T01:00:00Z',
      '1.81E-8',
      'a;b|c',
      '{"sku":"S1","memory":"8 GiB"}',
    ]);
  });

  it('Azure: quoted headers, tags, American dates', async () => {
    const found = await readText(
      '\ufeff"SubscriptionId","Date","Quantity","Tags"\r\n"0000-1","10/01/2026","0.25","""env"": ""prod"",""team"": ""a"""\r\n"0000-2","10/01/2026","1",""\r\n',
    );
    expect(found.header).toEqual(['SubscriptionId', 'Date', 'Quantity', 'Tags']);
    expect(found.rows[0]?.[3]).toBe('"env": "prod","team": "a"');
  });

  it('GCP: dots in names, UTC in times', async () => {
    const found = await readText('billing_account_id,service.id,usage_start_time,usage.amount\n01-A,svc,2026-10-01 05:00:00 UTC,3.0e-05\n');
    expect(found.header).toEqual(['billing_account_id', 'service.id', 'usage_start_time', 'usage.amount']);
  });
});

describe('telephony', () => {
  const CDR = '2026-10-01 05:00:10;4930123456;4915112345;63;0,012\n2026-10-01 05:00:11;4930123457;4915112346;5;0,001\n';

  it('call records without a header are seen to have none', async () => {
    const found = await readText(CDR);
    expect(found.dialect).toMatchObject({ header: false, delimiter: ';', skipLines: 0 });
    expect(found.header).toEqual(['#1', '#2', '#3', '#4', '#5']);
    expect(found.rows).toHaveLength(2);
    expect(confidencesOf(found)).toMatchObject({ header: 'likely' });
    const compact = await readText('20261001050010,voice,63\n20261001050011,voice,5\n');
    expect([compact.dialect.header, compact.rows.length]).toEqual([false, 2]);
  });

  it('call records behind comments', async () => {
    const found = await readText(`# switch A\n# 2 records\n${CDR}`);
    expect(found.dialect).toMatchObject({ header: false, skipLines: 2 });
    expect(found.rows).toHaveLength(2);
  });

  it('all that is declared is taken', async () => {
    const found = await readText(CDR, {
      header: true,
      skipLines: 1,
      delimiter: 'semicolon',
      quote: 'none',
      shortRows: 'pad',
      comment: '//',
    });
    expect(found.dialect).toMatchObject({ header: true, skipLines: 1, quote: '', escape: '', shortRows: 'pad', comment: '//' });
    expect(found.headerLine).toBe(2);
    const declared = ['delimiter', 'quote', 'header', 'skipLines', 'comment', 'shortRows'];
    expect(found.choices.filter(({ confidence }) => confidence === 'declared').map(({ property }) => property)).toEqual(declared);
  });
});

describe('databases and statistics', () => {
  it('MySQL SELECT … INTO OUTFILE: quotes behind backslashes, \\N', async () => {
    const found = await readText('"id","name","n"\n"1","say \\"hi\\", twice",\\N\n"2","back\\\\slash","6"\n');
    expect(found.dialect).toMatchObject({ quote: '"', escape: '\\' });
    expect(confidencesOf(found)).toMatchObject({ escape: 'certain' });
    expect(found.rows).toEqual([
      ['1', 'say "hi", twice', '\\N'],
      ['2', 'back\\slash', '6'],
    ]);
  });

  it('a Windows path before a closing quote is no escape', async () => {
    const found = await readText('"path","n","x"\n"C:\\logs\\","1","a"\n"D:\\","2","b"\n"E","3","c"\n');
    expect(found.dialect.escape).toBe('"');
    expect(found.rows[0]).toEqual(['C:\\logs\\', '1', 'a']);
  });

  it('PostgreSQL COPY CSV', async () => {
    const found = await readText('id,note,n\n1,"a ""b"", c",5\n2,,6\n3,"",7\n');
    expect(found.rows).toEqual([
      ['1', 'a "b", c', '5'],
      ['2', '', '6'],
      ['3', '', '7'],
    ]);
  });

  it('R write.csv2: row numbers without a name, semicolons, decimal commas', async () => {
    const found = await readText('"";"customer";"n"\n"1";"acme";1,5\n"2";"beta";2,25\n');
    expect(found.dialect).toMatchObject({ delimiter: ';', header: true, skipLines: 0 });
    expect(found.header).toEqual(['', 'customer', 'n']);
    expect(found.rows[1]).toEqual(['2', 'beta', '2,25']);
    expect((await readText(',x\n0,5\n1,6\n')).header).toEqual(['', 'x']);
  });

  it('SAP: titles and rules above a table between pipes', async () => {
    const found = await readText(
      'Table:          ZUSAGE\nDisplayed Fields:  3 of   3\n------------------------------------\n' +
        '|Customer|Date      |Qty  |\n------------------------------------\n|ACME    |01.10.2026|    5|\n|BETA    |01.10.2026|    6|\n------------------------------------\n',
    );
    expect(found.dialect).toMatchObject({ delimiter: '|', skipLines: 3, trailingDelimiter: true });
    expect(found.header).toEqual(['', 'Customer', 'Date      ', 'Qty  ']);
    expect(found.rows).toEqual([
      ['', 'ACME    ', '01.10.2026', '    5'],
      ['', 'BETA    ', '01.10.2026', '    6'],
    ]);
    expect(found.faults).toEqual(['5 too_few_cells', '8 too_few_cells']);
  });

  it('hand-made reports: title, parameters, blank line, table', async () => {
    const found = await readText(
      'Report generated 2026-10-01\nPeriod: 2026-09\n\ncustomer,time,meter,calls\nacme,2026-09-01,calls,5\nbeta,2026-09-01,calls,6\n',
    );
    expect(found.dialect).toMatchObject({ skipLines: 3, delimiter: ',' });
    expect([found.headerLine, found.lines]).toEqual([4, [5, 6]]);
  });

  it('a title with the delimiter in it, and quotes', async () => {
    const found = await readText('Usage, by "customer"\n\ncustomer,time,meter,calls\nacme,2026-09-01,calls,5\nbeta,2026-09-01,calls,6\n', {
      skipLines: 1,
    });
    expect(found.headerLine).toBe(3);
    expect(found.rows).toHaveLength(2);
  });
});
