import { describe, expect, it } from 'vitest';
import { draftOf } from './mapping.ts';
import { faultyCell, previewColumns } from './preview.ts';

const column = (name: string, mapsTo: string | null, samples: string[] = []) => ({ name, mapsTo, reason: 'matched by name', samples });

describe('the preview of a file', () => {
  const open = { code: 'mapping_incomplete', line: null, count: 1, message: 'measures: say which' };
  const columns = [
    column('account', 'customer', ['1']),
    column('when', null),
    column('n', 'quantity', ['12', '']),
    column('region', null, ['eu']),
  ];
  const draft = { ...draftOf({ mapping: null, columns, problems: [open] }), time: 'when' };
  const preview = previewColumns(columns, draft, columns);

  it('says what becomes of each column, choices of the form included', () => {
    expect(preview.map(({ becomes, kind, reason, numeric }) => [becomes, kind, reason, numeric])).toEqual([
      ['customer', 'role', 'matched by name', false],
      ['time', 'role', 'chosen here', false],
      ['quantity', 'role', 'matched by name', true],
      [null, 'unused', 'left out', false],
    ]);
  });

  it('shows properties as such', () => {
    const kept = { ...draft, properties: 'rest' as const };
    expect(previewColumns(columns, kept, columns)[3]).toMatchObject({ becomes: 'property', kind: 'property' });
  });

  it('knows a column that says which lines count', () => {
    const picky = { ...draft, only: [{ column: 'region', in: ['eu'] }] };
    expect(previewColumns(columns, picky, columns)[3]).toMatchObject({ becomes: 'selection', kind: 'role', reason: 'chosen here' });
  });

  it('has nothing to decide about the columns of a rejected.csv', () => {
    const [ignored] = previewColumns([column('error_line', null, ['7'])], draft, []);
    expect(ignored).toMatchObject({ becomes: null, kind: 'ignored' });
  });

  it('finds the cell that a problem is about', () => {
    expect(faultyCell('missing_customer: the customer is empty', ['', '2026', '1', 'eu'], preview)).toBe(0);
    expect(faultyCell('invalid_time: "31.09.26": not a time', ['a', '31.09.26', '1', 'eu'], preview)).toBe(1);
    expect(faultyCell('too_few_cells: the line has 2 cells', ['a', 'b'], preview)).toBe(-1);
    expect(faultyCell(undefined, ['a'], preview)).toBe(-1);
  });
});
