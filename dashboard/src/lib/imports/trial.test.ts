import { describe, expect, it } from 'vitest';
import type { DryRun, Effect } from '../types.ts';
import {
  doublesSentence,
  headline,
  hoursSentence,
  invoicesSentence,
  knownSentence,
  moneyRows,
  moneyTotals,
  quantityRows,
} from './trial.ts';

const EFFECT: Effect = {
  rows: 1200,
  events: 2400,
  customers: [
    { id: 'acme', isNew: false, events: 2000 },
    { id: 'delta', isNew: true, events: 400 },
  ],
  hours: { from: '2026-10-01T00:00:00.000Z', to: '2026-10-03T00:00:00.000Z', count: 48 },
  quantities: [{ meter: 'calls', quantity: '1234567.500', events: 2400 }],
  money: [
    { customer: 'acme', currency: 'USD', before: '10.50', after: '1012.25' },
    { customer: 'acme', currency: 'JPY', before: '900', after: '899' },
    { customer: 'delta', currency: 'USD', before: '0', after: '0' },
  ],
  invoices: [
    { id: '1', number: null, customer: 'acme', month: '2026-10', status: 'draft', change: '1001.75' },
    { id: '2', number: 'A-7', customer: 'acme', month: '2026-09', status: 'final', change: '2' },
  ],
  isComplete: true,
};
const ROWS: DryRun['rows'] = { read: 1300, new: 1200, known: 90, conflict: 0, rejected: 10 };

describe('a dry run', () => {
  it('is one sentence: lines, customers, the new ones, money', () => {
    expect(headline({ rows: ROWS, effect: EFFECT })).toBe(
      'This file would bill 1,200 lines of 2 customers, 1 of them new: +$1,001.75 and \u2212¥1.',
    );
    const nothing = { ...EFFECT, rows: 0, events: 0, customers: [], money: [] };
    expect(headline({ rows: ROWS, effect: nothing })).toBe('This file would change nothing.');
    expect(headline({ rows: { ...ROWS, rejected: 1300 }, effect: nothing })).toBe('No line of this file can be imported.');
  });

  it('sets money before against after, exactly', () => {
    expect(moneyRows(EFFECT)).toEqual([
      {
        customer: 'acme',
        isNew: false,
        currency: 'USD',
        before: '$10.50',
        after: '$1,012.25',
        change: '+$1,001.75',
        isUnchanged: false,
      },
      { customer: 'acme', isNew: false, currency: 'JPY', before: '¥900', after: '¥899', change: '\u2212¥1', isUnchanged: false },
      { customer: 'delta', isNew: true, currency: 'USD', before: '$0.00', after: '$0.00', change: '$0.00', isUnchanged: true },
    ]);
    expect(moneyTotals(EFFECT)).toEqual([
      { currency: 'USD', change: '+$1,001.75' },
      { currency: 'JPY', change: '\u2212¥1' },
    ]);
  });

  it('names its hours, quantities, and invoices', () => {
    expect(hoursSentence(EFFECT)).toBe('It reaches 48 hours: 1 Oct 2026 \u2013 2 Oct 2026, UTC.');
    expect(hoursSentence({ hours: null })).toBe('It reaches no hour.');
    expect(quantityRows(EFFECT)).toEqual([{ meter: 'calls', quantity: '1,234,567.5', events: '2,400 events' }]);
    expect(invoicesSentence(EFFECT)).toBe('1 open invoice changes, and 1 final invoice is adjusted on the next one.');
    expect(invoicesSentence({ invoices: [] })).toBe('');
  });

  it('says what is known, and what may be there twice', () => {
    const knownFrom = [{ importId: '7', name: 'september.csv', events: 90 }];
    expect(knownSentence({ rows: ROWS, knownFrom })).toBe(
      '90 lines are in september.csv already, with the same content: not billed twice.',
    );
    expect(knownSentence({ rows: { ...ROWS, known: 1 }, knownFrom: [{ importId: 'dry-run', name: 'x.csv', events: 1 }] })).toBe(
      '1 line is in this file itself already, with the same content: not billed twice.',
    );
    expect(knownSentence({ rows: { ...ROWS, known: 0 }, knownFrom })).toBe('');
    expect(doublesSentence({ suspectedDoubles: 2, doubles: [] })).toBe(
      '2 events equal one of another file in customer, meter, time and quantity. Both would be billed. The first 0:',
    );
    expect(doublesSentence({ suspectedDoubles: null, doubles: [] })).toBe('');
  });
});
