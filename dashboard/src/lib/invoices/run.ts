/** A billing run in words and sums: how far it is, how long it will take, and what came of it. */
import { formatMonth } from '../time.ts';
import { formatCount, plural } from '../format.ts';
import type { Equation } from '../imports/equation.ts';
import type { IconName } from '../icons.ts';
import type { BillingRun, BillingRunPreview, RunConcern } from '../types.ts';

export type RunState = BillingRun['state'];

export const RUN_WORDS: Readonly<Record<RunState, string>> = {
  requested: 'in the queue',
  running: 'running',
  waiting: 'waiting',
  done: 'done',
  failed: 'stopped',
};

export const RUN_ICONS: Readonly<Record<RunState, IconName>> = {
  requested: 'ring',
  running: 'ring',
  waiting: 'warning',
  done: 'check',
  failed: 'cross',
};

export const RUN_TONES: Readonly<Record<RunState, '' | 'good' | 'bad' | 'warn'>> = {
  requested: '',
  running: '',
  waiting: 'warn',
  done: 'good',
  failed: 'bad',
};

export function isOver({ state }: Pick<BillingRun, 'state'>): boolean {
  return state === 'done' || state === 'failed';
}

/** Of the customers that it has been through, each is one of these: whether that is so is worked out here. */
export function equationOfRun({ progress }: Pick<BillingRun, 'progress'>): Equation {
  const { done, drafts, created, changed, untouched, empty, failed } = progress;
  const drafted = (word: string, count: number) => `${word} ${count === 1 ? 'draft' : 'drafts'}`;
  const same = drafts - created - changed;
  const terms: Equation['terms'] = [
    { label: drafted('new', created), count: created, tone: '' },
    { label: drafted('changed', changed), count: changed, tone: '' },
    { label: drafted('unchanged', same), count: same, tone: '' },
    { label: 'final already', count: untouched, tone: '' },
    { label: 'nothing to bill', count: empty, tone: '' },
    { label: 'not possible', count: failed, tone: 'bad' },
  ];
  const total = terms.reduce((sum, { count }) => sum + BigInt(count), 0n);
  const some = terms.filter(({ count }) => count > 0);
  return { terms: some.length > 0 ? some : terms.slice(0, 1), read: done, holds: total === BigInt(done) };
}

/** 0 to 1; null while nobody has counted the customers. */
export function shareOf({ state, progress: { total, done } }: Pick<BillingRun, 'state' | 'progress'>): number | null {
  if (state === 'done') return 1;
  return total === null ? null : total === 0 ? 1 : Math.min(1, done / total);
}

export interface Pace {
  elapsedSeconds: number;
  /** Null while it is too early to say, or nothing moves. */
  leftSeconds: number | null;
}

/** So many customers show how fast it goes. */
const ENOUGH = 5;

/** `now` is only used while it runs. */
export function paceOf({ state, progress, startedAt, finishedAt }: BillingRun, now: number): Pace | null {
  if (startedAt === null) return null;
  const elapsedSeconds = Math.max(0, ((finishedAt === null ? now : Date.parse(finishedAt)) - Date.parse(startedAt)) / 1000);
  const { total, done } = progress;
  if (state !== 'running' || total === null || done < ENOUGH) return { elapsedSeconds, leftSeconds: null };
  return { elapsedSeconds, leftSeconds: Math.ceil((elapsedSeconds / done) * (total - done)) };
}

export function runTitle({ period, customers }: Pick<BillingRun, 'period' | 'customers'>): string {
  return customers === null ? formatMonth(period) : `${formatMonth(period)}, ${plural(customers.length, 'customer')}`;
}

/** The page's sentence about a run. */
export function runSentence(run: BillingRun): string {
  const { state, progress, period } = run;
  const month = formatMonth(period);
  switch (state) {
    case 'requested':
      return `The drafts of ${month} are next.`;
    case 'running':
      return `The drafts of ${month} are being made.`;
    case 'waiting':
      return `The drafts of ${month} wait for a store that is away.`;
    case 'failed':
      return `The drafts of ${month} could not all be made.`;
    case 'done':
      return progress.drafts === 0
        ? `There was nothing to draft for ${month}.`
        : `${plural(progress.drafts, 'draft')} of ${month} ${progress.drafts === 1 ? 'stands' : 'stand'}.`;
  }
}

/** What a run would do, in sentences; each is true by itself. */
export function previewSentences({ customers, drafts, period }: BillingRunPreview): string[] {
  const { total, untouched, withUsage, withoutUsage } = customers;
  const month = formatMonth(period);
  if (total === 0) return ['There are no customers yet.'];
  return [
    withUsage === 0
      ? `None of ${plural(total, 'customer')} used anything in ${month}.`
      : `${formatCount(withUsage)} of ${plural(total, 'customer')} used something in ${month}, and ${withUsage === 1 ? 'gets' : 'get'} a draft.`,
    ...(withoutUsage > 0
      ? [
          `${formatCount(withoutUsage)} used nothing: a draft only where a plan has a fixed fee, a minimum, or something is due of earlier months.`,
        ]
      : []),
    ...(untouched > 0
      ? [`${plural(untouched, 'has', 'have')} a final invoice for ${month} already, and ${untouched === 1 ? 'is' : 'are'} left alone.`]
      : []),
    ...(drafts > 0 ? [`${plural(drafts, 'draft')} of before ${drafts === 1 ? 'is' : 'are'} worked out again.`] : []),
  ];
}

export function concernInWords({ kind, what }: RunConcern, currencyOf?: string): string {
  switch (kind) {
    case 'no_plan':
      return 'has no plan, or not for the whole month: what it used without one is listed with an amount of 0.';
    case 'unpriced_meter':
      return `used ${what.join(', ')}, which the plan has no price for: listed with an amount of 0.`;
    case 'currency_mismatch':
      return `has a plan in ${what.join(', ')}${currencyOf === undefined ? ', and another currency' : `, and is billed in ${currencyOf}`}: no draft can be made.`;
  }
}
