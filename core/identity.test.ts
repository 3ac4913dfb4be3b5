import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFileIds, createRowIds, joinIdCells } from './identity.ts';

function rowId(names: readonly (string | undefined)[], cells: readonly string[], occurrence = 1): string {
  const ids = createRowIds(names);
  ids.hash(cells);
  return ids.id(occurrence);
}

describe('the id by content', () => {
  it('does not depend on the order of the columns, nor on columns that do not count or are empty', () => {
    const id = rowId(['time', 'customer'], ['2026-10-01T05:06:07Z', 'acme']);
    expect(rowId(['customer', 'time'], ['acme', '2026-10-01T05:06:07Z'])).toBe(id);
    expect(rowId(['customer', undefined, 'time'], ['acme', '17', '2026-10-01T05:06:07Z'])).toBe(id);
    expect(rowId(['customer', 'note', 'time'], ['acme', '', '2026-10-01T05:06:07Z'])).toBe(id);
    expect(rowId(['customer', 'note', 'time'], ['acme', 'x', '2026-10-01T05:06:07Z'])).not.toBe(id);
  });

  it.each([
    ['2026-10-01T05:06:07Z', '2026-10-01T05~'],
    ['2026-10-01 05:06', '2026-10-01T05~'],
    ['2026-10-01', '2026-10-01~'],
  ])('begins with the hour of %s', (cell, prefix) => {
    expect(rowId(['a'], [cell])).toMatch(new RegExp(`^${prefix}[\\w-]{22}$`));
  });

  it('has no hour where no cell is like a date', () => {
    expect(rowId(['a', 'b'], ['03/04/2026', '12345-6789-0'])).toMatch(/^[\w-]{22}$/);
  });

  it('numbers the second of equal rows', () => {
    expect(rowId(['a'], ['x'], 2)).toBe(`${rowId(['a'], ['x'])}#2`);
  });

  it('differs for different contents, wherever the borders of their cells lie', () => {
    const cells = fc.array(fc.constantFrom('', 'a', '1', ':', '=', 'a1:', '1:a=1:', '2:'), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(cells, cells, (a, b) => {
        expect(rowId(['x', 'y', 'z'], a) === rowId(['x', 'y', 'z'], b)).toBe(a.join('\0') === b.join('\0'));
      }),
    );
  });
});

describe('the given id', () => {
  it('is the cell itself, and several cells never join to the same text', () => {
    expect(joinIdCells(['a|b'])).toBe('a|b');
    const cells = fc.array(fc.stringMatching(/^[ab|\\]{0,4}$/), { minLength: 2, maxLength: 3 });
    fc.assert(
      fc.property(cells, cells, (a, b) => {
        expect(joinIdCells(a) === joinIdCells(b)).toBe(a.join('\0') === b.join('\0'));
      }),
    );
  });
});

describe('the id by file', () => {
  it('is the file and the row', () => {
    expect(createFileIds('ab'.repeat(32))(7)).toBe('q6urq6urq6urq6urq6urqw:7');
    expect(createFileIds('cd'.repeat(32))(7)).not.toBe(createFileIds('ab'.repeat(32))(7));
  });
});
