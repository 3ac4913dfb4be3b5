import { describe, expect, it } from 'vitest';
import type { Conflict, Import } from '../types.ts';
import { consequencesOf, othersOf, undoability } from './undo.ts';

const base: Import = {
  id: '7',
  name: 'october.csv',
  sha256: null,
  bytes: 1,
  status: 'complete',
  mapping: null,
  identity: 'row',
  form: 'file',
  format: 'csv',
  suspectedDoubles: null,
  customers: null,
  knownFrom: [],
  rows: { read: 300, rejected: 0 },
  events: { published: 300, accepted: 300, duplicate: 0, conflict: 0, dead: 0 },
  progress: { bytesRead: 1, bytesTotal: 1, rowsPerSecond: 1, etaSeconds: null },
  errors: [],
  failure: null,
  createdAt: '2026-10-01T00:00:00Z',
  createdBy: 'admin',
  completedAt: null,
};
const knowing = (id: string, name: string, events: number, status: Import['status'] = 'complete'): Import => ({
  ...base,
  id,
  name,
  status,
  knownFrom: [{ importId: '7', name: base.name, events }],
});
const headline = (item: Import, others: Import[]) => consequencesOf(item, othersOf('7', others, [], true)).headline;
const text = (item: Import, others: Import[], isComplete = true, open: Conflict[] = []) =>
  consequencesOf(item, othersOf('7', others, open, isComplete)).points.join('\n');

function conflictOf(first: string, other: string): Conflict {
  const version = (importId: string) => ({ key: null, meter: 'm', time: base.createdAt, quantity: '1', properties: {}, importId, line: 2 });
  const undecided = { status: 'open' as const, keep: null, resolvedAt: null, resolvedBy: null };
  return {
    ...undecided,
    id: other,
    customer: 'acme',
    eventId: 'e',
    first: version(first),
    this: version(other),
    createdAt: base.createdAt,
  };
}

describe('whether an import can be undone', () => {
  it.each(['publishing', 'settling', 'complete'] as const)('%s: yes', (status) => {
    expect(undoability({ ...base, status })).toEqual({ kind: 'possible' });
  });

  it('failed: once something of it was read', () => {
    expect(undoability({ ...base, status: 'failed' })).toEqual({ kind: 'possible' });
    const nothing = { ...base, status: 'failed' as const, rows: { read: 0, rejected: 0 }, events: { ...base.events, published: 0 } };
    expect(undoability(nothing)).toEqual({ kind: 'refused', reason: 'nothing to undo' });
  });

  it('not while it is uploaded, and not a second time', () => {
    expect(undoability({ ...base, status: 'received' }).kind).toBe('refused');
    expect(undoability({ ...base, status: 'undoing' }).kind).toBe('over');
    expect(undoability({ ...base, status: 'undone' }).kind).toBe('over');
  });
});

describe('what an undo takes back', () => {
  it('is everything when no other file reported it', () => {
    expect(headline(base, [{ ...base, id: '8' }, base])).toBe('Undo takes back all 300 events that this file added.');
    expect(text(base, [])).not.toMatch(/too|in conflict/);
  });

  it('leaves what one other file reported too', () => {
    expect(headline(base, [knowing('8', 'again.csv', 100)])).toBe('Undo takes back 200 of the 300 events that this file added.');
    expect(text(base, [knowing('8', 'again.csv', 100)])).toContain('The other 100 stay, because again.csv reported them too.');
    expect(text(base, [knowing('8', 'again.csv', 1)])).toContain('The other one stays, because again.csv reported it too.');
    expect(headline(base, [knowing('8', 'again.csv', 300)])).toBe('Undo takes back none of the 300 events that this file added.');
  });

  it('has two bounds when several files reported some of it', () => {
    const others = [knowing('8', 'a.csv', 100), knowing('9', 'b.csv', 30)];
    expect(headline(base, others)).toBe('Undo takes back at least 170, at most 200 of the 300 events that this file added.');
    expect(text(base, others)).toContain('a.csv (100), b.csv (30)');
  });

  it('does not count files that are undone themselves', () => {
    expect(headline(base, [knowing('8', 'a.csv', 100, 'undone'), knowing('9', 'b.csv', 100, 'undoing')])).toContain('all 300 events');
  });

  it('is nothing for a file that added nothing', () => {
    const item = {
      ...base,
      knownFrom: [{ importId: '3', name: 'first.csv', events: 298 }],
      events: { published: 300, accepted: 0, duplicate: 298, conflict: 2, dead: 0 },
    };
    expect(headline(item, [])).toBe('Undo changes no usage: this file added no event.');
    expect(text(item, [])).toContain('Its 298 already known events stay: first.csv brought them.');
    expect(text(item, [])).toContain('Its 2 events in conflict will need no decision any more.');
  });

  it('is not final while the import runs', () => {
    expect(headline({ ...base, status: 'publishing' }, [])).toContain('stops the reading of this file');
    expect(text({ ...base, status: 'settling' }, [])).toContain('An event that another file reported too stays');
  });

  it('says what it does not know', () => {
    expect(consequencesOf(base, undefined).headline).toBe('Undo takes back up to 300 events that this file added.');
    expect(consequencesOf(base, undefined).points[0]).toContain('Which do is not known now.');
    expect(text(base, [], false)).toContain('Only the newest 1,000 imports and conflicts');
  });

  it('names files whose lines may take its place', () => {
    const files = [
      { ...base, id: '8', name: 'right.csv' },
      { ...base, id: '9', name: 'elsewhere.csv' },
    ];
    const open = [conflictOf('7', '8'), conflictOf('3', '9')];
    expect(text(base, files, true, open)).toContain('Lines of right.csv take its place');
    expect(text(base, files, true, open)).not.toContain('elsewhere.csv');
  });

  it('ends in the way back', () => {
    expect(consequencesOf(base, othersOf('7', [], [], true)).points.at(-1)).toMatch(/can be uploaded again/);
  });
});
