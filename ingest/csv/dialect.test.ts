import { describe, expect, it } from 'vitest';
import { detectDialect } from './dialect.ts';
import type { DeclaredDialect } from './dialect.ts';

function detect(text: string | Buffer, declared: DeclaredDialect = {}, complete = true) {
  return detectDialect(Buffer.from(text), declared, complete);
}

function found(text: string | Buffer, declared: DeclaredDialect = {}) {
  const outcome = detect(text, declared);
  if (!outcome.ok) throw new Error(`${outcome.fault.code}: ${outcome.fault.message}`);
  return { ...outcome.dialect, columns: outcome.header };
}

function refusal(text: string | Buffer, declared: DeclaredDialect = {}) {
  const outcome = detect(text, declared);
  return outcome.ok ? 'read' : outcome.fault.code;
}

describe('the dialect of a file', () => {
  it.each([',', ';', '\t', '|'])('is found with delimiter %j', (delimiter) => {
    expect(found(`a${delimiter}b\n1${delimiter}"x,;|\t"\n`)).toMatchObject({
      delimiter,
      newline: 'LF',
      quote: '"',
      header: true,
      columns: ['a', 'b'],
    });
  });

  it('does not take a decimal comma or a comma in a name for the delimiter', () => {
    expect(found('account;"usage, kWh";time\nx;1,5;y\nx;2,5;y\n').delimiter).toBe(';');
    expect(found('account;usage, kWh;time\nx;1;y\nx;2;y\n').delimiter).toBe(';');
  });

  it('is found although some rows are broken', () => {
    expect(found('a,b\n1\n').columns).toEqual(['a', 'b']);
    expect(found('a,b\n1,2\n1\n1,2,3\n3,4\n5,6\n').columns).toEqual(['a', 'b']);
  });

  it.each([
    ['a,b\r\n1,2\r\n', 'CRLF'],
    ['a,b\n1,2\r\n', 'mixed'],
    ['a,"x\ny"\r\n1,2\r\n', 'CRLF'],
    ['a,b\r1,"x\ny"\r', 'CR'],
    ['a,b\r\n1,2\r3,4\n', 'mixed'],
    ['a,b\n1,2\r3,4\n', 'mixed'],
    ['a,b\n1,x\ry\n3,4\n', 'LF'],
    ['a,b\r1,2\r', 'CR'],
    ['"a\r",b\n1,2\n', 'LF'],
    ['a,b', 'LF'],
  ])('has the newline of %j: %s', (text, newline) => {
    expect(found(text).newline).toBe(newline);
  });

  it('knows a byte order mark, which is no part of the first name', () => {
    expect(found('\ufeffa,b\n1,2')).toMatchObject({ bom: true, columns: ['a', 'b'] });
  });

  it('has one column only where the header is one plain word, or the delimiter is declared', () => {
    expect(found('usage\n5\n').columns).toEqual(['usage']);
    expect(found('total usage\n5\n', { delimiter: ',' }).columns).toEqual(['total usage']);
    expect(refusal('total usage\n5\n')).toBe('undetected_delimiter');
    expect(refusal('usage\n5;6\n7;8\n')).toBe('undetected_header');
  });

  it('names positions where no header is declared', () => {
    expect(found('1,2,3\n', { header: false })).toMatchObject({ header: false, columns: ['#1', '#2', '#3'] });
  });

  it('takes what is declared', () => {
    expect(found("a:'b:c'\n1:2\n", { delimiter: ':', quote: "'" }).columns).toEqual(['a', 'b:c']);
    expect(found('a\tb\n', { delimiter: 'tab' }).delimiter).toBe('\t');
    expect(found('a;b,c\n1;2,3\n', { delimiter: ',' }).columns).toEqual(['a;b', 'c']);
    expect(found('month,2024\nx,5\n', { header: true }).columns).toEqual(['month', '2024']);
  });

  it.each([
    ['', 'empty_file'],
    ['\ufeff', 'empty_file'],
    ['\n\r\n\n', 'empty_file'],
    ['2026-10-01,acme,5\n', 'undetected_header'],
    ['2024,2025,2026\n5,6,7\n', 'undetected_header'],
    ['customer,2026-10-01,2026-10-02\nacme,5,6\n', 'undetected_header'],
    ['a,b\n1,2\n\r3,4\n', 'undetected_newline'],
    ["x,y\n1,'a'\n2,'b'\n", 'undetected_quote'],
    ['disk,n\n3.5" drive,1\n2.5" drive,2\n', 'undetected_quote'],
    ['path,n\n"C:\\\\",1\n"D:\\\\",2\n', 'undetected_escape'],
    [',,\n1,2,3\n', 'header_missing'],
    ['a,"b\nc,d\n', 'header_missing'],
    ['a,b"x\nc,d\n', 'header_missing'],
    ['a,b,a\n1,2,3\n', 'duplicate_header'],
    ['a;b,c;d,e\n1;2,3;4,5\n', 'undetected_delimiter'],
    ['a;b,c\n1;2,3\n', 'undetected_delimiter'],
    [Buffer.from('d\xe9p\xf4t,b\n1,2', 'latin1'), 'undetected_encoding'],
    [Buffer.from('PK\x03\x04 sheet', 'latin1'), 'unsupported_encoding'],
  ])('%j: %s', (text, code) => {
    expect(refusal(text)).toBe(code);
  });

  it.each([
    [{ encoding: 'shift_jis' }, 'unsupported_encoding'],
    [{ encoding: 'utf-16' }, 'undetected_encoding'],
    [{ delimiter: '||' }, 'unsupported_dialect'],
    [{ delimiter: 'x' }, 'unsupported_dialect'],
    [{ delimiter: '"' }, 'unsupported_dialect'],
    [{ newline: 'VT' }, 'unsupported_dialect'],
    [{ quote: 'none', escape: 'backslash' }, 'unsupported_dialect'],
    [{ comment: '"x', quote: '"' }, 'unsupported_dialect'],
  ])('refuses the declaration %j: %s', (declared, code) => {
    expect(refusal('a,b\n1,2\n', declared)).toBe(code);
  });

  it('lets the columns of rejected.csv stand twice', () => {
    expect(refusal('a,error_line,error_line\nx,2,3\n')).toBe('read');
  });

  it('does not judge by a record that was cut off', () => {
    const outcome = detect('a,b,c\n1,2,3\n4', {}, false);
    expect(outcome.ok && outcome.header).toEqual(['a', 'b', 'c']);
    expect(detect(`a,"${'x'.repeat(1000)}`, {}, false)).toMatchObject({ ok: false, fault: { code: 'record_too_large' } });
  });
});
