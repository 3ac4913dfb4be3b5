import { describe, expect, it } from 'vitest';
import type { BillingRun, BillingRunPreview } from '../types.ts';
import { concernInWords, equationOfRun, paceOf, previewSentences, runSentence, runTitle, shareOf } from './run.ts';

const run: BillingRun = {
  id: '7',
  period: '2026-10',
  customers: null,
  state: 'running',
  progress: { total: 40, done: 10, drafts: 6, created: 3, changed: 1, untouched: 2, empty: 1, failed: 1 },
  failures: [],
  failure: null,
  requestedAt: '2026-11-01T08:00:00Z',
  requestedBy: 'admin',
  startedAt: '2026-11-01T08:00:01Z',
  finishedAt: null,
};
const NOW = Date.parse('2026-11-01T08:00:11Z');

describe('a run', () => {
  it('goes through customers, each of which is something', () => {
    const equation = equationOfRun(run);
    expect(equation).toMatchObject({ read: 10, holds: true });
    expect(equation.terms.map(({ label, count }) => `${count} ${label}`)).toEqual([
      '3 new drafts',
      '1 changed draft',
      '2 unchanged drafts',
      '2 final already',
      '1 nothing to bill',
      '1 not possible',
    ]);
    expect(equationOfRun({ progress: { ...run.progress, done: 11 } }).holds).toBe(false);
  });

  it('says how far it is and how long it will take, once that can be said', () => {
    expect(shareOf(run)).toBe(0.25);
    expect(shareOf({ ...run, progress: { ...run.progress, total: null } })).toBeNull();
    expect(shareOf({ ...run, state: 'done', progress: { ...run.progress, total: 0, done: 0 } })).toBe(1);
    expect(paceOf(run, NOW)).toEqual({ elapsedSeconds: 10, leftSeconds: 30 });
    expect(paceOf({ ...run, progress: { ...run.progress, done: 4 } }, NOW)).toEqual({ elapsedSeconds: 10, leftSeconds: null });
    expect(paceOf({ ...run, state: 'waiting' }, NOW)?.leftSeconds).toBeNull();
    expect(paceOf({ ...run, state: 'done', finishedAt: '2026-11-01T08:00:04Z' }, NOW)).toEqual({ elapsedSeconds: 3, leftSeconds: null });
    expect(paceOf({ ...run, startedAt: null }, NOW)).toBeNull();
  });

  it('is told in a sentence', () => {
    expect(runSentence({ ...run, state: 'done' })).toBe('6 drafts of October 2026 stand.');
    expect(runSentence({ ...run, state: 'done', progress: { ...run.progress, drafts: 1 } })).toBe('1 draft of October 2026 stands.');
    expect(runSentence({ ...run, state: 'waiting' })).toBe('The drafts of October 2026 wait for a store that is away.');
    expect(runTitle({ ...run, customers: ['a', 'b'] })).toBe('October 2026, 2 customers');
  });
});

describe('what a run would do', () => {
  const preview: BillingRunPreview = {
    period: '2026-10',
    customers: { total: 4, untouched: 1, withUsage: 2, withoutUsage: 1 },
    drafts: 2,
    overAt: null,
    concerned: 0,
    concerns: [],
  };

  it('is said of every customer', () => {
    const sentences = previewSentences(preview);
    expect(sentences[0]).toBe('2 of 4 customers used something in October 2026, and get a draft.');
    expect(sentences.slice(2)).toEqual([
      '1 has a final invoice for October 2026 already, and is left alone.',
      '2 drafts of before are worked out again.',
    ]);
    const none = { ...preview, drafts: 0, customers: { total: 1, untouched: 0, withUsage: 0, withoutUsage: 1 } };
    expect(previewSentences(none)[0]).toBe('None of 1 customer used anything in October 2026.');
  });

  it('names what needs a look', () => {
    const concern = { customer: 'a', name: 'A', isSetUp: false, what: ['EUR'] };
    expect(concernInWords({ ...concern, kind: 'currency_mismatch' }, 'USD')).toBe(
      'has a plan in EUR, and is billed in USD: no draft can be made.',
    );
    expect(concernInWords({ ...concern, kind: 'unpriced_meter', what: ['a', 'b'] })).toMatch(/^used a, b, which the plan has no price for/);
  });
});
