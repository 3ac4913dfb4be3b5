import { describe, expect, it } from 'vitest';
import { delimiterOf, splitRanges } from './cells.ts';

const texts = (raw: string, delimiter: string) => splitRanges(raw, delimiter).map(({ from, to }) => raw.slice(from, to));

describe('cells of a line', () => {
  it('are found where they stand', () => {
    expect(texts('a,31552,fra', ',')).toEqual(['a', '31552', 'fra']);
    expect(texts('a,,', ',')).toEqual(['a', '', '']);
  });

  it('may hold the delimiter, line breaks and doubled quotes inside quotes', () => {
    expect(texts('"a,b","say ""hi""",3', ',')).toEqual(['"a,b"', '"say ""hi"""', '3']);
    expect(texts('1,"two\nlines"', ',')).toEqual(['1', '"two\nlines"']);
    expect(texts('1,"{""a"": ""b"", ""c"": 1}",2', ',')).toEqual(['1', '"{""a"": ""b"", ""c"": 1}"', '2']);
  });

  it('keep a quote in the middle of a cell as a character', () => {
    expect(texts('5" disk,1', ',')).toEqual(['5" disk', '1']);
  });

  it('tell the delimiter', () => {
    expect(delimiterOf('a;1,5;x', ['a', '1,5', 'x'])).toBe(';');
    expect(delimiterOf('"a;b"\t2', ['a;b', '2'])).toBe('\t');
    expect(delimiterOf('a~b', ['a', 'b'])).toBeNull();
  });
});
