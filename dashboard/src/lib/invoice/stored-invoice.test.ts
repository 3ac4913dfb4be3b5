/** The arithmetic and the words of a stored invoice's page, without a browser. */
import { describe, expect, it } from 'vitest';
import { agreementOf } from './agreement.ts';
import { adjustmentName, causeText, sinceText } from './causes.ts';
import { clockSentence, durationText, hoursOfPeriod } from './clock-changes.ts';
import { bodyOf, createKeys, creditableLines, entryFault, takesUsageBack, type CreditEntry } from './credit.ts';
import { restOf } from './settlement.ts';
import { adjustmentSubject, findSubject } from './subject.ts';
import { partsHold } from './trace.ts';
import type { Reconciliation } from '../types.ts';

const month = (from: string, to: string, timeZone: string) => ({ from, to, timeZone });

describe('the hours of a period', () => {
  it.each([
    [month('2026-09-30T22:00:00Z', '2026-10-31T23:00:00Z', 'Europe/Berlin'), 745, 'the clock went back on 25 Oct'],
    [month('2026-02-28T23:00:00Z', '2026-03-31T22:00:00Z', 'Europe/Berlin'), 743, 'the clock went forward on 29 Mar'],
    [month('2026-09-30T18:15:00Z', '2026-10-31T18:15:00Z', 'Asia/Kathmandu'), 744, ''],
  ])('are as many as the local clock shows: %j', (period, hours, sentence) => {
    expect([hoursOfPeriod(period), clockSentence(period)]).toEqual([hours, sentence]);
  });

  it.each([
    ['1296000', '15 days'],
    ['1299600', '15 days 1 hour'],
    ['0', '0 seconds'],
  ])('%s seconds are %s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });
});

describe('what remains to be paid', () => {
  const note = (id: string, total: string) => ({ id, number: `CN-${id}`, total }) as never;
  const settled = (total: string, payable: string, carried = '0.00', applied: object[] = []) => ({
    status: 'final' as const,
    number: 'INV-1',
    total,
    settlement: { applied: applied as never[], payable, carried },
  });

  it('is the total less credits and credit notes, and says where each comes from', () => {
    const invoice = settled('100.00', '70.00', '0.00', [{ invoice: '3', number: 'INV-0', amount: '30.00' }]);
    const found = restOf({ ...invoice, creditNotes: [note('7', '-20.00'), note('8', '-5.95')] });
    expect(found?.terms.map(({ label, amount, href }) => [label, amount, href])).toEqual([
      ['Total of INV-1', '100.00', null],
      ['Credit from invoice INV-0', '-30', '/invoices/3'],
      ['Credit note CN-7', '-20.00', '/credit-notes/7'],
      ['Credit note CN-8', '-5.95', '/credit-notes/8'],
    ]);
    expect(found).toMatchObject({ rest: '44.05', label: 'Remains to be paid', holds: true });
  });

  it('is in favour of the customer where more was taken back than is left', () => {
    const invoice = settled('100.00', '70.00', '0.00', [{ invoice: '3', number: 'INV-0', amount: '30.00' }]);
    expect(restOf({ ...invoice, creditNotes: [note('7', '-100.00')] })).toMatchObject({ rest: '-30', label: 'In favour of the customer' });
  });

  it('is nothing where a total below 0 is kept as a credit, and does not hold where the invoice says otherwise', () => {
    expect(restOf(settled('-12.00', '0.00', '12.00'))).toMatchObject({ rest: '0', holds: true });
    expect(restOf(settled('100.00', '99.00'))).toMatchObject({ holds: false });
  });

  it('is not told of drafts and void invoices', () => {
    expect(restOf({ ...settled('1', '1'), status: 'void' })).toBeNull();
    expect(restOf({ ...settled('1', '1'), status: 'draft' })).toBeNull();
  });
});

describe('the form of a credit note', () => {
  const line = { n: 1, kind: 'usage', meter: 'calls', description: '', unit: '', amount: '60.00', quantity: '100' };
  const fee = { n: 2, kind: 'fee', meter: '', description: 'Base', unit: '', amount: '20.00', quantity: '1' };
  const earlier = {
    lines: [
      { n: 1, key: 'k', amount: '-50.00', quantity: '-80' },
      { n: 2, key: 'f', amount: '-20.00' },
    ],
  };

  it('offers what earlier notes have left', () => {
    const lines = creditableLines({ lines: [line, fee] as never, creditNotes: [earlier] as never });
    expect(lines).toEqual([{ n: 1, name: 'calls', unit: '', amount: '10', quantity: '20' }]);
    expect(creditableLines({ lines: [fee] as never })).toEqual([{ n: 2, name: 'Base', unit: '', amount: '20', quantity: '0' }]);
  });

  it.each<[CreditEntry, RegExp]>([
    [{ amount: '', quantity: '' }, /^$/],
    [{ amount: '10', quantity: '20' }, /^$/],
    [{ amount: '10.01', quantity: '' }, /^At most 10/],
    [{ amount: '1', quantity: '21' }, /^At most 20/],
    [{ amount: 'ten', quantity: '' }, /plain number/],
    [{ amount: '', quantity: '5' }, /amount goes with/],
  ])('is checked as it is typed: %j', (entry, fault) => {
    expect(entryFault(entry, { n: 1, name: 'calls', unit: '', amount: '10', quantity: '20' })).toMatch(fault);
  });

  it('becomes the body of the call, or none while it is empty', () => {
    expect(bodyOf({ kind: 'full' })).toEqual({ full: true });
    expect(bodyOf({ kind: 'lines', entries: { 1: { amount: ' 1,204.50', quantity: '' }, 2: { amount: '', quantity: '' } } })).toEqual({
      lines: [{ n: 1, amount: '1204.50' }],
    });
    expect(bodyOf({ kind: 'lines', entries: {} })).toBeNull();
  });

  it('says when usage is taken back with the money', () => {
    expect(takesUsageBack({ full: true })).toBe(true);
    expect(takesUsageBack({ lines: [{ n: 1, amount: '1' }] })).toBe(false);
    expect(takesUsageBack({ lines: [{ n: 1, amount: '1', quantity: '5' }] })).toBe(true);
  });

  it('has one key while it stays the same, so that two clicks are one note', () => {
    let drawn = 0;
    const keyOf = createKeys((bytes) => bytes.fill(++drawn));
    const first = keyOf({ reason: 'a', full: true });
    expect(keyOf({ reason: 'a', full: true })).toBe(first);
    expect(keyOf({ reason: 'b', full: true })).not.toBe(first);
    expect(first).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('an adjustment', () => {
  const period = month('2026-10-01T00:00:00Z', '2026-11-01T00:00:00Z', 'UTC');
  const adjustment = {
    n: 2,
    kind: 'usage' as const,
    meter: 'calls',
    quantity: '15',
    amount: '1.50',
    period,
    hours: [
      { start: '2026-10-14T11:00:00Z', end: '2026-10-14T12:00:00Z', quantity: '10', amount: '1.00' },
      { start: '2026-10-15T11:00:00Z', end: '2026-10-15T12:00:00Z', quantity: '2', amount: '0.20' },
    ],
  };

  it('opens as a line does, with its running amount, and what belongs to no hour', () => {
    const subject = adjustmentSubject(adjustment as never);
    expect(subject.hours.map(({ before, after }) => [before, after])).toEqual([
      ['0', '1'],
      ['1', '1.2'],
    ]);
    expect(subject.withoutHours).toEqual({ quantity: '3', amount: '0.3' });
    expect(partsHold([...subject.hours, subject.withoutHours ?? { quantity: '0', amount: '0' }], subject)).toBe(true);
  });

  it('is found by its URL, and nothing by another', () => {
    const invoice = { lines: [], adjustments: [adjustment], period } as never;
    expect(findSubject(invoice, new URLSearchParams('adjustment=2'))?.kind).toBe('adjustment');
    expect(findSubject(invoice, new URLSearchParams('line=2'))).toBeUndefined();
    expect(findSubject(invoice, new URLSearchParams('adjustment=9'))).toBeUndefined();
  });

  it('says its cause, with the document or file', () => {
    const cause = { id: '7', name: 'late.csv', events: 2, quantity: '15' };
    expect(causeText({ ...cause, kind: 'late' })).toEqual({
      before: 'Came late with ',
      name: 'late.csv',
      href: '/imports/7',
      after: ': 2 events, 15',
    });
    expect(causeText({ ...cause, kind: 'undone', events: -2, quantity: '-15' }).after).toBe(': 2 events, \u221215');
    expect(causeText({ ...cause, kind: 'void', name: 'INV-1' })).toMatchObject({ href: '/invoices/7', after: ', which is void' });
    expect(causeText({ ...cause, kind: 'credit_note', name: 'CN-1' })).toMatchObject({ href: '/credit-notes/7' });
    expect(adjustmentName({ kind: 'tax', meter: null })).toBe('Tax');
    expect(adjustmentName({ kind: 'discount', meter: 'calls' })).toBe('Discount of calls');
  });

  it('says of a row what has become of it since', () => {
    const since = { importId: '3', conflictId: null, by: 'Mara', at: '2026-12-04T12:00:00Z', report: null };
    expect(sinceText({ ...since, kind: 'undone' }, 'UTC')).toBe(
      'Since then this row was taken back with its import by Mara on 4 Dec 2026 12:00.',
    );
    expect(sinceText({ ...since, kind: 'passed_on', report: { importId: '4', fileName: 'b.csv', line: 1200 } }, 'UTC')).toMatch(
      /b\.csv, line 1,200 reports the same event/,
    );
    expect(sinceText(null, 'UTC')).toBe('');
  });
});

describe('files and stores', () => {
  const green: Reconciliation = {
    state: 'green',
    checkedAt: '2026-11-19T12:43:38Z',
    upTo: '2026-11-19T12:43:38Z',
    rows: { read: 1, published: 1, accepted: 1, duplicate: 0, conflict: 0, dead: 0, rejected: 0 },
    imports: [],
    cells: [],
    differing: 0,
  };
  const cell = {
    customer: 'a',
    meter: 'm',
    hour: '2026-10-01T00:00:00Z',
    state: 'open' as const,
    postgres: '1',
    clickhouse: '2',
    events: { postgres: 1, clickhouse: 1 },
  };

  it('are said to agree only where a comparison has found it', () => {
    expect(agreementOf(green, 745)).toEqual({ tone: 'good', text: 'Files, Postgres and ClickHouse agree for all 745 hours' });
    expect(agreementOf({ ...green, state: 'red', differing: 2 }, 745)).toMatchObject({
      tone: 'bad',
      text: 'Postgres and ClickHouse differ in 2 hours of the 745',
    });
    const lost = { id: '1', name: 'a.csv', rows: { read: 2, accounted: 1 }, events: { published: 1, accounted: 1 } };
    expect(agreementOf({ ...green, state: 'red', imports: [lost] }, 745).tone).toBe('bad');
    expect(agreementOf({ ...green, cells: [cell] }, 745)).toEqual({ tone: 'waiting', text: '1 hour is being compared' });
    expect(agreementOf({ ...green, state: 'checking' }, 745).tone).toBe('waiting');
    expect(agreementOf({ ...green, checkedAt: null }, 745).tone).toBe('waiting');
  });
});
