/** The sentence at the foot of the navigation: whether everything adds up, and how fresh that is. */
import type { IconName } from '../icons.ts';
import type { Reconciliation } from '../types.ts';
import { checkedAtOf, placeOf, verdictOf, type NameOf } from './words.ts';

/** A comparison runs every ten seconds; one that holds back for an import still comes within minutes. */
export const OLD_MS = 300_000;

/** What is known, by whoever asks for it again and again. */
export interface Known {
  /** The last answer. */
  value: Reconciliation | undefined;
  /** Whether the last call went through; undefined before there was one. */
  isReached: boolean | undefined;
  /** How long `checkedAt` has stood still, by the clock of this page. */
  unchangedMs: number;
}

export interface Foot {
  tone: 'good' | 'bad' | 'waiting' | 'stale';
  icon: IconName;
  title: string;
  detail: string;
}

export function footOf({ value, isReached, unchangedMs }: Known, nameOf: NameOf, now: number): Foot {
  if (value === undefined) {
    return isReached === false
      ? { tone: 'stale', icon: 'warning', title: 'Not known', detail: 'The server does not answer, trying again' }
      : { tone: 'waiting', icon: 'ring', title: 'Checking', detail: 'Asking the server' };
  }
  const checked = checkedAtOf(value);
  if (isReached === false)
    return { tone: 'stale', icon: 'warning', title: verdictOf(value, true), detail: `${asOf(checked)}, trying again` };
  if (value.state === 'red') return { tone: 'bad', icon: 'cross', title: verdictOf(value), detail: whereOf(value, nameOf, now) };
  if (unchangedMs > OLD_MS)
    return { tone: 'stale', icon: 'warning', title: verdictOf(value, true), detail: `Not compared again since ${checked ?? 'the start'}` };
  if (value.state === 'green') return { tone: 'good', icon: 'check', title: verdictOf(value), detail: `Checked ${checked ?? ''}` };
  return {
    tone: 'waiting',
    icon: 'ring',
    title: verdictOf(value),
    detail: checked === null ? 'Nothing is compared yet' : `Last compared ${checked}`,
  };
}

function asOf(checked: string | null): string {
  return checked === null ? 'Not compared yet' : `As of ${checked}`;
}

function whereOf({ differing, cells, imports }: Reconciliation, nameOf: NameOf, now: number): string {
  const first = cells.find(({ state }) => state === 'differs');
  if (first !== undefined) return `${differing > 1 ? 'First: ' : ''}${placeOf(first, nameOf, now)}`;
  return imports.map(({ name }) => name).join(', ');
}
