/** What an undo would do, said before it is done, as far as the API tells. */
import { formatCount, plural } from '../format.ts';
import type { Conflict, Import } from '../types.ts';

/** Imports, and open conflicts, that are looked through for files that report the same events: one page of the API each. */
export const OTHERS_MAX = 1_000;

/** `over`: it is undone, or about to be. */
export type Undoability = { kind: 'possible' } | { kind: 'refused'; reason: string } | { kind: 'over' };

export function undoability({ status, rows, events }: Pick<Import, 'status' | 'rows' | 'events'>): Undoability {
  if (status === 'undoing' || status === 'undone') return { kind: 'over' };
  if (status === 'received') return { kind: 'refused', reason: 'still being uploaded' };
  if (status === 'failed' && rows.read === 0 && events.published === 0) return { kind: 'refused', reason: 'nothing to undo' };
  return { kind: 'possible' };
}

/** Another file, and how many of the events of the one in question it reported too. */
export interface Shared {
  name: string;
  events: number;
}

export interface Others {
  shared: Shared[];
  /** Names of files with lines in conflict with the one in question. */
  inConflict: string[];
  /** False when there are more imports or conflicts than were looked through. */
  isComplete: boolean;
}

export function othersOf(id: string, imports: readonly Import[], open: readonly Conflict[], isComplete: boolean): Others {
  const rivals = new Set(open.filter(({ first }) => first?.importId === id).map((conflict) => conflict.this.importId));
  const standing = imports.filter((item) => item.id !== id && item.status !== 'undoing' && item.status !== 'undone');
  return {
    shared: standing.flatMap(({ name, knownFrom }) =>
      knownFrom.filter(({ importId, events }) => importId === id && events > 0).map(({ events }) => ({ name, events })),
    ),
    inConflict: standing.filter((item) => rivals.has(item.id)).map(({ name }) => name),
    isComplete,
  };
}

export interface Consequences {
  /** What is taken back, with its figure. */
  headline: string;
  points: string[];
}

/** `others` is undefined when it could not be found out. */
export function consequencesOf(item: Import, others: Others | undefined): Consequences {
  const isSettled = item.status === 'complete' || item.status === 'failed';
  return {
    headline: isSettled ? settledHeadline(item, others) : runningHeadline(item),
    points: [
      ...(isSettled ? stayingPoints(others) : ['An event that another file reported too stays, and counts for that file.']),
      ...ownPoints(item),
      ...(others === undefined ? [] : otherPoints(others)),
      'Usage and invoice previews no longer hold what is taken back. The file and its lines stay, to be looked at.',
      'The undo cannot be taken back, but the file can be uploaded again afterwards, corrected or as it is.',
    ],
  };
}

function runningHeadline({ status, events }: Import): string {
  const published = plural(events.published, 'event');
  return status === 'publishing'
    ? `Undo stops the reading of this file and takes back what it has added: of ${published} so far, all that were new.`
    : `Undo takes back what this file has added: of ${published}, all that were new.`;
}

function settledHeadline({ events: { accepted } }: Import, others: Others | undefined): string {
  if (accepted === 0) return 'Undo changes no usage: this file added no event.';
  const all = plural(accepted, 'event');
  const counts = others?.shared.map(({ events }) => events) ?? [];
  if (others === undefined) return `Undo takes back up to ${all} that this file added.`;
  if (counts.length === 0) return `Undo takes back all ${all} that this file added.`;
  // Two files may have reported the same event, which then counts in both figures.
  const least = Math.max(0, accepted - counts.reduce((sum, count) => sum + count, 0));
  const most = Math.max(0, accepted - Math.max(...counts));
  if (most === 0) return `Undo takes back none of the ${all} that this file added.`;
  const range = least === most ? formatCount(most) : `at least ${formatCount(least)}, at most ${formatCount(most)}`;
  return `Undo takes back ${range} of the ${all} that this file added.`;
}

function stayingPoints(others: Others | undefined): string[] {
  if (others === undefined) return ['An event that another file reported too stays, and counts for that file. Which do is not known now.'];
  const { shared } = others;
  const [only] = shared;
  if (only === undefined) return [];
  const stay = only.events === 1 ? 'The other one stays' : `The other ${formatCount(only.events)} stay`;
  if (shared.length === 1) return [`${stay}, because ${only.name} reported ${only.events === 1 ? 'it' : 'them'} too.`];
  const list = shared.map(({ name, events }) => `${name} (${formatCount(events)})`).join(', ');
  return [`What other files reported too stays, and counts for them: ${list}.`];
}

function ownPoints({ id, knownFrom, events }: Import): string[] {
  const from = knownFrom.filter(({ importId }) => importId !== id);
  const known = from.reduce((sum, entry) => sum + entry.events, 0);
  const names = from.map(({ name }) => name ?? 'files of others').join(', ');
  return [
    ...(known === 0
      ? []
      : [
          `Its ${plural(known, 'already known event stays', 'already known events stay')}: ${names} brought ${known === 1 ? 'it' : 'them'}.`,
        ]),
    ...(events.conflict === 0 ? [] : [`Its ${plural(events.conflict, 'event', 'events')} in conflict will need no decision any more.`]),
  ];
}

function otherPoints({ inConflict, isComplete }: Others): string[] {
  return [
    ...(inConflict.length === 0
      ? []
      : [`Lines of ${inConflict.join(', ')} take its place, where they are in conflict with this file and agree with one another.`]),
    ...(isComplete ? [] : [`Only the newest ${formatCount(OTHERS_MAX)} imports and conflicts were looked through for this.`]),
  ];
}
