/**
 * The page's first sentence: whether the numbers can be trusted now, up to when, and what of them not. What stands below it says what
 * follows from that, and what else is not in the numbers.
 */
import type { IconName } from '../icons.ts';
import { formatCount, plural } from '../format.ts';
import type { Known } from '../reconciliation/foot.ts';
import { OLD_MS } from '../reconciliation/foot.ts';
import { faultOf, hourOf, inWords, verdictOf, type NameOf } from '../reconciliation/words.ts';
import { formatClock, formatMoment } from '../time.ts';
import type { Pipeline, PipelineStores, Reconciliation } from '../types.ts';
import { dayKey } from '../zone.ts';
import { STORE_NAMES, consequenceOf } from './stores.ts';
import { isRebuilding } from './words.ts';

/** Behind by less than this is on its way; rows arrive all the time. */
const BEHIND_MS = 10_000;

export interface TrustFacts extends Known {
  pipeline: Pipeline | undefined;
  stores: PipelineStores['stores'];
  /** Whether the live link holds. */
  isLive: boolean;
  nameOf: NameOf;
  zone: string;
  now: number;
}

export interface Trust {
  tone: 'good' | 'bad' | 'warn' | 'waiting';
  icon: IconName;
  sentence: string;
  details: string[];
}

type Head = Omit<Trust, 'details'> & { details?: string[] };

export function trustOf(facts: TrustFacts): Trust {
  const head = headOf(facts);
  return { ...head, details: [...(head.details ?? []), ...remarksOf(facts)] };
}

function headOf(facts: TrustFacts): Head {
  const { value: found, isReached, unchangedMs } = facts;
  const away = facts.stores.find(({ name, ok }) => !ok && name !== 'file store');
  if (away !== undefined) return awayHead(away, facts);
  if (found === undefined)
    return isReached === false
      ? warn('Whether the numbers can be trusted is not known: the server does not answer.')
      : waiting('Asking whether the numbers can be trusted.');
  const at = momentText(found.checkedAt, facts);
  if (isReached === false)
    return warn(
      at === null
        ? 'Whether the numbers can be trusted is not known: the server does not answer, and nothing was compared before.'
        : `The server does not answer. ${pastOf(found)} at ${at}; what is true now is not known.`,
    );
  if (found.state === 'red') return redHead(found, facts);
  if (at === null)
    return waiting('Whether the numbers can be trusted is not known yet: both stores are being compared for the first time.');
  if (unchangedMs > OLD_MS) return warn(`Nothing has been compared since ${at}. ${pastOf(found)} then; what came later is not checked.`);
  return soundHead(found, facts);
}

function awayHead({ name, since }: PipelineStores['stores'][number], facts: TrustFacts): Head {
  const upTo = momentText(facts.value?.upTo ?? null, facts);
  const what = `${STORE_NAMES[name] ?? name} has not answered since ${momentText(since, facts) ?? 'a while'}`;
  const until = upTo === null ? 'No number can be trusted until it is back' : `Only what was checked up to ${upTo} can be trusted`;
  return { ...warn(`${until}: ${lowerArticle(what)}.`), details: [consequenceOf(name)] };
}

function redHead(found: Reconciliation, facts: TrustFacts): Head {
  const { differing, imports } = found;
  const cells = found.cells.filter(({ state }) => state === 'differs');
  const only = cells[0];
  const all = `${receivedOf(found, facts)} can be trusted, except`;
  if (differing === 1 && only !== undefined)
    return bad(`${all} one hour: ${facts.nameOf(only.customer)}, ${hourOf(only, facts.now, facts.zone)}.`, [
      faultOf(only),
      `An invoice of ${facts.nameOf(only.customer)} with this hour cannot be finalized until both stores agree.`,
      ...importsRemark(found),
    ]);
  if (differing > 0)
    return bad(`${all} ${inWords(differing).toLowerCase()} hours, in which the two stores differ.`, [
      ...(only === undefined ? [] : [`The first is ${facts.nameOf(only.customer)}, ${hourOf(only, facts.now, facts.zone)}.`]),
      'Invoices with these hours cannot be finalized until both stores agree.',
      ...importsRemark(found),
    ]);
  const names = imports.map(({ name }) => name).join(', ');
  return bad(
    imports.length === 1
      ? `The numbers of one import cannot be trusted: ${names} does not add up.`
      : `The numbers of ${inWords(imports.length).toLowerCase()} imports cannot be trusted: ${names} do not add up.`,
    ['Every hour agrees in both stores, but some lines or events of these files have no outcome.'],
  );
}

function soundHead(found: Reconciliation, facts: TrustFacts): Head {
  const { pipeline } = facts;
  const received = receivedOf(found, facts);
  const open = found.cells.filter(({ state }) => state === 'open').length;
  if (found.state === 'checking' && open > 0)
    return waiting(`${received} can be trusted, except ${plural(open, 'hour that is', 'hours that are')} not decided yet.`, [
      'An undo or a decision is under way there, or the next comparison is still to come.',
    ]);
  if (isRebuilding(pipeline?.rebuild ?? null))
    return waiting(`${received} can be trusted; ClickHouse is being built anew from Postgres.`, ['The figures stay readable meanwhile.']);
  const behind = behindOf(pipeline);
  if (behind !== null && pipeline !== undefined)
    return waiting(
      `The numbers can be trusted up to ${momentText(pipeline.asOf, facts) ?? 'the start'}; ${plural(behind, 'event')} received since then ${behind === 1 ? 'is' : 'are'} still on the way.`,
    );
  if (found.state === 'checking') return waiting(`${received} added up, and is being compared again.`);
  return { tone: 'good', icon: 'check', sentence: `The numbers can be trusted: ${lowerFirst(received)} adds up in both stores.` };
}

/** What is not in the numbers, or not yet, and what can no longer be told. */
function remarksOf({ value: found, isReached, pipeline, stores, isLive, ...facts }: TrustFacts): string[] {
  const remarks: string[] = [];
  if (stores.some(({ name, ok }) => name === 'file store' && !ok))
    remarks.push(`The file store does not answer. ${consequenceOf('file store')}`);
  if (pipeline !== undefined) {
    const { conflicts, deadLetters, imports } = pipeline;
    if (imports > 0)
      remarks.push(
        `${plural(imports, 'import')} ${imports === 1 ? 'is' : 'are'} under way; ${imports === 1 ? 'its' : 'their'} events count as they arrive.`,
      );
    if (conflicts > 0)
      remarks.push(
        `${plural(conflicts, 'conflict')} ${conflicts === 1 ? 'waits' : 'wait'} for a decision; what came second does not count until then.`,
      );
    if (deadLetters > 0)
      remarks.push(
        `${plural(deadLetters, 'message')} of the log could not be read; ${deadLetters === 1 ? 'it is' : 'they are'} listed below.`,
      );
  }
  if (isReached !== false && found !== undefined) {
    const at = momentText(found.checkedAt, facts);
    remarks.push(at === null ? 'Nothing is compared yet.' : `Last compared at ${at}.`);
  }
  if (isReached === true && !isLive)
    remarks.push('The live link is lost and is being tried again; the figures below are asked for every few seconds.');
  return remarks;
}

/** Events that are behind, when that is more than the usual moment; the latest time the server has told stands for its clock. */
function behindOf(pipeline: Pipeline | undefined): number | null {
  if (pipeline === undefined) return null;
  const lag = pipeline.partitions.reduce((sum, { lag: { records, rollups } }) => sum + Math.max(records, rollups), 0);
  const { records, rollups } = pipeline.movedAt;
  const times = [pipeline.rates.until, records, rollups, ...pipeline.partitions.map(({ watermark }) => watermark)];
  const latest = Math.max(...times.map((time) => (time === null ? 0 : Date.parse(time))));
  return lag > 0 && latest - Date.parse(pipeline.asOf) > BEHIND_MS ? lag : null;
}

function receivedOf({ upTo }: Reconciliation, facts: TrustFacts): string {
  const text = momentText(upTo, facts);
  return text === null ? 'All usage' : `All usage received up to ${text}`;
}

function pastOf(found: Reconciliation): string {
  return found.state === 'checking' ? 'What had been compared added up' : verdictOf(found, true);
}

function importsRemark({ imports }: Reconciliation): string[] {
  if (imports.length === 0) return [];
  return [`${formatCount(imports.length)} ${imports.length === 1 ? 'import does' : 'imports do'} not add up either.`];
}

/** "12:43:41", with its day when that is not today. */
export function momentText(iso: string | null, { zone, now }: Pick<TrustFacts, 'zone' | 'now'>): string | null {
  if (iso === null) return null;
  const ms = Date.parse(iso);
  if (ms === 0) return null;
  return dayKey(ms, zone) === dayKey(now, zone) ? formatClock(ms, zone, true) : formatMoment(ms, zone, now);
}

function warn(sentence: string): Head {
  return { tone: 'warn', icon: 'warning', sentence };
}

function waiting(sentence: string, details: string[] = []): Head {
  return { tone: 'waiting', icon: 'ring', sentence, details };
}

function bad(sentence: string, details: string[]): Head {
  return { tone: 'bad', icon: 'cross', sentence, details };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** "The event log" within a sentence; names stay as they are. */
function lowerArticle(text: string): string {
  return text.startsWith('The ') ? lowerFirst(text) : text;
}
