import { describe, expect, it } from 'vitest';
import { TextDecoding } from './decode-text.ts';
import { detectEncoding, HEAD_BYTES_MAX, type EncodingOutcome } from './encoding.ts';
import { onlySharedLetters } from './shared-letters.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

function shown(outcome: EncodingOutcome): string {
  return outcome.ok ? `${outcome.encoding} ${outcome.choice.confidence}` : outcome.fault.code;
}

function detect(bytes: Buffer, declared?: string, complete = true): string {
  return shown(detectEncoding(bytes, declared, complete));
}

function messageOf(bytes: Buffer, declared?: string): string {
  const outcome = detectEncoding(bytes, declared, true);
  return outcome.ok ? '' : outcome.fault.message;
}

const ROWS = 'customer;time;calls\nacme;2026-10-01T05:00:00Z;5\n';

describe('the encoding of a file', () => {
  it.each([
    ['nothing beyond ASCII', Buffer.from(ROWS), 'utf-8 certain'],
    ['UTF-8', Buffer.from('größe,zeit\n漢字,5\n'), 'utf-8 certain'],
    ['the UTF-8 mark', Buffer.from(`\ufeff${ROWS}`), 'utf-8 certain'],
    ['the UTF-16 mark, little end first', utf16le(`\ufeff${ROWS}`), 'utf-16le certain'],
    ['the UTF-16 mark, big end first', utf16be(`\ufeff${ROWS}`), 'utf-16be certain'],
    ['UTF-16 without mark, little end first', utf16le(ROWS), 'utf-16le certain'],
    ['UTF-16 without mark, big end first', utf16be(ROWS), 'utf-16be certain'],
    [
      'UTF-16 without mark, with ideographic spaces',
      utf16le('顧客\t時間\t数量\n東京　支社\t2026-10-01 05:00:00\t15\n'),
      'utf-16le certain',
    ],
    ['UTF-16 of one line', utf16le('a,b'), 'utf-16le certain'],
  ])('is found: %s', (_what, bytes, expected) => {
    expect(detect(bytes)).toBe(expected);
  });

  it('is UTF-8 beyond a head of ASCII only, which is said to be likely', () => {
    expect(detect(Buffer.from(ROWS), undefined, false)).toBe('utf-8 likely');
  });

  it('is not misled by a character that the end of the head cuts', () => {
    const head = Buffer.from('größe,zeit\nä');
    for (const cut of [0, 1]) expect(detect(head.subarray(0, head.length - cut), undefined, false)).toBe('utf-8 certain');
    const long = Buffer.from(`größe\n${'x'.repeat(HEAD_BYTES_MAX - 9)}€ü`);
    expect(detect(long)).toBe('utf-8 certain');
    expect(detect(head.subarray(0, head.length - 1), 'windows-1252', false)).toBe('undetected_encoding');
  });

  it('stays UTF-8 where a row or a few are not, which are theirs to answer for', () => {
    const row = 'acme,2026-10-01T05:00:00Z,5\n';
    expect(detect(latin1(`customer,time,calls\n${row}caf\xe9,2026-10-01T05:00:00Z,5\n${row}`))).toBe('utf-8 likely');
    expect(detect(Buffer.concat([Buffer.from(`kunde,größe\nmüller,5\n`), latin1('Li\xe8ge,5\n')]))).toBe('utf-8 likely');
    expect(detect(Buffer.concat([Buffer.from(row.repeat(1000)), latin1('Li\xe8ge,5\n'.repeat(9))]))).toBe('utf-8 likely');
  });

  it.each([
    ['a header in French', 'd\xe9p\xf4t,quantit\xe9\nParis,5\n'],
    ['names in French', 'site,n\nLi\xe8ge,5\nOrl\xe9ans,6\nAngoul\xeame,7\n'],
    ['names in Polish (windows-1250)', 'site,n\n\xa3\xf3d\xbc,5\nGda\xf1sk,6\nPozna\xf1,6\n'],
    ['names in Cyrillic (windows-1251)', 'site,n\n\xcc\xee\xf1\xea\xe2\xe0,5\n\xd2\xe2\xe5\xf0\xfc,6\n'],
    ['names of DOS (cp850)', 'site,n\nM\x81nchen,5\nK\x94ln,6\n'],
    ['names of a Macintosh', 'site,n\nM\x9fnchen,5\nK\x9aln,6\n'],
    ['a unit of DOS', 'site,gas m\xfc,n\na,1,2\nb,2,3\n'],
    ['Shift_JIS', 'site,n\n\x93\x8c\x8b\x9e,5\n\x91\xe5\x8d\xe3,6\n'],
  ])('is a question for %s', (_what, text) => {
    expect(detect(latin1(text))).toBe('undetected_encoding');
    expect(messageOf(latin1(text))).toMatch(/line [12] is not UTF-8.*say encoding=windows-1252 if it should read ".+", or convert/);
  });

  it('is windows-1252 without a question where every byte is a letter that all Latin encodings share, inside a word', () => {
    expect(detect(latin1('Kunde;Gr\xf6\xdfe;Zeit\nM\xfcller;1,5;x\n'))).toBe('windows-1252 likely');
    expect(detect(latin1('K\xdcNDIGUNG;\xd6rtlich;Caf\xe9\nM\xfcller;1,5;x\n'))).toBe('windows-1252 likely');
  });

  it('knows when such a letter does not stand in a word', () => {
    for (const word of ['Größe', 'Öl', 'ÜBER', 'Café', 'für', 'Menü', 'Übergröße', 'süß', 'Maß', 'GRÖSSE'])
      expect([word, onlySharedLetters(latin1(word))]).toEqual([word, true]);
    for (const word of [
      'm\xfc',
      'Nm\xfc',
      'cm\xfc',
      '\xc9and',
      '\xe4',
      '\xe4\xf6\xfc',
      'wait\xc9',
      'MEN\xe9',
      '5\xfc',
      'A\xdf',
      'caf\xe8',
      '\xf6 x',
    ])
      expect([word, onlySharedLetters(latin1(word))]).toEqual([word, false]);
  });

  it.each(['utf8', 'UTF-8', 'utf_8', 'US-ASCII', 'UTF-8-SIG'])('goes by the name %s', (name) => {
    expect(detect(Buffer.from('größe\n'), name)).toBe('utf-8 declared');
  });

  it.each([
    ['latin1', 'iso-8859-1'],
    ['ISO-8859-1', 'iso-8859-1'],
    ['iso_8859_1', 'iso-8859-1'],
    ['Latin-1', 'iso-8859-1'],
    ['cp1252', 'windows-1252'],
    ['Windows 1252', 'windows-1252'],
    ['CP-1252', 'windows-1252'],
  ])('goes by the name %s, which is %s', (name, encoding) => {
    expect(detect(latin1('Li\xe8ge,5\n'), name)).toBe(`${encoding} declared`);
  });

  it('is taken as declared where the bytes allow it', () => {
    expect(detect(utf16le(ROWS), 'UTF-16')).toBe('utf-16le certain');
    expect(detect(utf16be(ROWS), 'utf-16be')).toBe('utf-16be declared');
    expect(detect(utf16le('\ufeff漢字漢字'), 'utf-16le')).toBe('utf-16le certain');
    expect(detect(utf16le('漢字漢字\n'), 'utf-16le')).toBe('utf-16le declared');
    expect(detect(Buffer.from(ROWS), 'windows-1252')).toBe('windows-1252 declared');
    expect(detect(latin1('caf\xe9\n'), 'utf-8')).toBe('utf-8 declared');
  });

  it.each([
    [Buffer.from(`\ufeff${ROWS}`), 'windows-1252', 'the file begins with the byte order mark of utf-8'],
    [utf16le(`\ufeff${ROWS}`), 'utf-8', 'the file begins with the byte order mark of utf-16le'],
    [utf16le(`\ufeff${ROWS}`), 'utf-16be', 'the file begins with the byte order mark of utf-16le'],
    [Buffer.from(`\ufeff${ROWS}`), 'utf-16', 'the file begins with the byte order mark of utf-8'],
    [utf16le(ROWS), 'latin1', 'every other byte is NUL, as in utf-16le'],
    [utf16le(ROWS), 'utf-16be', 'every other byte is NUL, as in utf-16le'],
    [Buffer.from(ROWS), 'utf-16le', 'the file reads as UTF-8'],
    [Buffer.from('größe,zeit\nmüller,5\n'), 'windows-1252', 'all that is beyond ASCII in it is sound UTF-8'],
  ])('is a question where the declaration speaks against the bytes', (bytes, declared, evidence) => {
    expect(detect(bytes, declared)).toBe('undetected_encoding');
    expect(messageOf(bytes, declared)).toContain(evidence);
    expect(messageOf(bytes, declared)).toMatch(/^encoding=\S+ was declared, but .*; leave `encoding` out, or say encoding=utf-/);
  });

  it('asks for the byte order of UTF-16 where neither mark nor bytes tell it', () => {
    expect(messageOf(utf16le('漢字'), 'utf-16')).toContain('say encoding=utf-16le or encoding=utf-16be');
  });

  it.each([
    ['UTF-32', Buffer.from('fffe0000610000002c000000', 'hex'), 'UTF-32'],
    ['UTF-32 without mark', Buffer.from('610000002c000000620000000a000000', 'hex'), 'UTF-32'],
    ['a spreadsheet', latin1('PK\x03\x04\x14\0\x06\0'), 'CSV UTF-8'],
    ['an old spreadsheet', latin1('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0'), 'CSV UTF-8'],
    ['a .gz in a .gz', latin1('\x1f\x8b\x08\0'), 'pack it once only'],
    ['bzip2', latin1('BZh91AY&SY\0'), 'bzip2'],
    ['zstd', latin1('\x28\xb5\x2f\xfd\x04'), 'Zstandard'],
    ['xz', latin1('\xfd7zXZ\0\0'), 'xz'],
    ['7z', latin1('7z\xbc\xaf\x27\x1c'), '7-Zip'],
    ['a PDF', latin1('%PDF-1.7\n'), 'PDF'],
    ['Parquet', latin1('PAR1\x15\x04'), 'Parquet'],
    ['Avro', latin1('Obj\x01\x04'), 'Avro'],
    ['SQLite', latin1('SQLite format 3\0'), 'SQLite'],
    ['HTML', Buffer.from('\n<!DOCTYPE html>\n<table>'), 'HTML'],
    ['HTML that calls itself .xls', utf16le('\ufeff<html xmlns:x="urn:schemas-microsoft-com:office:excel">'), 'HTML'],
    ['XML', Buffer.from('<?xml version="1.0"?>\n<Workbook>'), 'XML'],
    ['JSON', Buffer.from('[\n  {"customer": "acme"}]'), 'POST /v1/events'],
    ['JSON lines', Buffer.from('{"customer":"acme"}\n{"customer":"acme"}\n'), 'POST /v1/stream'],
    ['EBCDIC', latin1('\x83\xa4\xa2\xa3\x96\x94\x85\x99\x6b\x95\x15\x81\x83\x94\x85\x6b\xf5\xf6\x15'), 'EBCDIC'],
    ['no text', Buffer.from([...Array(400).keys()].map((value) => (value % 7 === 0 ? 0 : value % 256))), 'no text'],
    ['another name', Buffer.from(ROWS), 'iconv -f shift_jis'],
  ])('is not read: %s', (what, bytes, words) => {
    const declared = what === 'another name' ? 'shift_jis' : undefined;
    expect(detect(bytes, declared)).toBe('unsupported_encoding');
    expect(messageOf(bytes, declared)).toContain(words);
  });

  it('is not mistaken for another format by a header that begins like one', () => {
    for (const header of ['BZh_id,n\n1,2\n', 'PKG,n\n1,2\n', '{id},n\n1,2\n', '[a],n\n1,2\n', '<id>,n\n1,2\n', 'ORC,n\n1,2\n'])
      expect([header, detect(Buffer.from(header))]).toEqual([header, 'utf-8 certain']);
  });

  it('says so where a file declared as ISO-8859-1 has control characters that windows-1252 has letters for', () => {
    const outcome = detectEncoding(latin1('price \x80,n\n1,2\n'), 'latin1', true);
    expect(outcome.ok && outcome.choice.reason).toContain('is it windows-1252?');
  });
});

describe('a text that is decoded whole', () => {
  async function decode(chunks: readonly Uint8Array[], declared?: string): Promise<{ text: string; outcome: string }> {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield* chunks;
    }
    const decoding = new TextDecoding(declared);
    const parts: Uint8Array[] = [];
    for await (const part of decoding.read(source())) parts.push(Buffer.from(part));
    return { text: Buffer.concat(parts).toString(), outcome: shown(decoding.outcome) };
  }
  /** In pieces whose edges fall anywhere. */
  const cut = (bytes: Buffer, size: number) =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));

  it('comes out in UTF-8, whatever its size and its pieces', async () => {
    const text = 'Kunde;Menge\nMüller € 😀;5\n'.repeat(30_000);
    for (const size of [997, 65_536]) {
      expect(await decode(cut(utf16le(`\ufeff${text}`), size))).toEqual({ text: `\ufeff${text}`, outcome: 'utf-16le certain' });
      expect(await decode(cut(Buffer.from(text), size))).toEqual({ text, outcome: 'utf-8 certain' });
    }
    expect(await decode([])).toEqual({ text: '', outcome: 'utf-8 certain' });
    expect(await decode(cut(latin1('Li\xe8ge\n'), 1), 'cp1252')).toEqual({ text: 'Liège\n', outcome: 'windows-1252 declared' });
  });

  it('passes through as it is where its encoding is not read, for its sender to look at', async () => {
    expect(await decode([latin1('%PDF-1.7\n')])).toEqual({ text: '%PDF-1.7\n', outcome: 'unsupported_encoding' });
  });

  it('is refused where a letter far down is none of those by which its encoding was recognised', async () => {
    const head = 'Kunde;Gr\xf6\xdfe\nM\xfcller;5\n'.repeat(20_000);
    expect((await decode(cut(latin1(head), 65_536))).outcome).toBe('windows-1252 likely');
    expect((await decode(cut(latin1(`${head}Li\xe8ge;5\n`), 65_536))).outcome).toBe('undetected_encoding');
    const declared = await decode(cut(latin1(`${head}Li\xe8ge;5\n`), 65_536), 'windows-1252');
    expect(declared.outcome).toBe('windows-1252 declared');
    expect(declared.text.endsWith('Liège;5\n')).toBe(true);
  });

  it('is refused where it was declared to be of single bytes and is sound UTF-8 to its end', async () => {
    const head = `${ROWS}`.repeat(10_000);
    expect((await decode(cut(Buffer.from(`${head}müller`), 65_536), 'latin1')).outcome).toBe('undetected_encoding');
    expect((await decode(cut(Buffer.concat([Buffer.from(`${head}müller`), latin1('m\xfcller')]), 65_536), 'latin1')).outcome).toBe(
      'iso-8859-1 declared',
    );
    expect((await decode(cut(Buffer.from(head), 65_536), 'latin1')).outcome).toBe('iso-8859-1 declared');
  });
});
