/** What may be meant, as cards: each with its reason, and applied only by a click. */
import type { Inspection, Profile, Suggestion } from '../types.ts';
import type { MappingDraft } from './mapping.ts';
import { exampleOf, styleOf, type StyleMembers } from './numbers.ts';
import type { ReadBefore } from './queue.svelte.ts';
import { timeExample } from './time-form.ts';

type Change = Suggestion['change'];

export interface SuggestionCard {
  title: string;
  reason: string;
  /** What it brings: a whole mapping, or members of the one in the form. */
  use: { profile: Profile } | { change: Change } | { before: ReadBefore };
}

export interface CardsInput {
  suggestions: readonly Suggestion[];
  profiles: readonly Profile[];
  /** Name of the profile in the form, which needs no card. */
  profile: string;
  draft: MappingDraft;
  /** Times carry no zone, and none was said. */
  isZoneOpen: boolean;
  /** Zone of this computer. */
  ownZone: string;
}

const PERCENT = /^measures\/(\d+)\/percent$/;

/** In the order of the server, those without what the form says already; the zone last. */
export function cardsOf({ suggestions, profiles, profile, draft, isZoneOpen, ownZone }: CardsInput): SuggestionCard[] {
  const cards = suggestions.flatMap((suggestion): SuggestionCard[] => {
    if (suggestion.kind === 'profile') {
      const found = suggestion.profile === profile ? undefined : profiles.find(({ name }) => name === suggestion.profile);
      return found === undefined ? [] : [profileCard(found, suggestion.reason)];
    }
    const { change, reason } = suggestion;
    const changed = withChange(draft, change);
    if (changed === undefined || JSON.stringify(changed) === JSON.stringify(draft)) return [];
    return [{ title: titleOf(change), reason: sentence(reason), use: { change } }];
  });
  return isZoneOpen ? [...cards, ...zoneCards(ownZone)] : cards;
}

/** The file before it has the same columns in the same order. */
export function likeBefore(before: ReadBefore | undefined, header: readonly string[]): SuggestionCard[] {
  if (before === undefined || JSON.stringify(before.header) !== JSON.stringify(header)) return [];
  return [{ title: `Read as ${before.name} was`, reason: 'The file before this one has the same columns.', use: { before } }];
}

function profileCard(profile: Profile, reason: string): SuggestionCard {
  const about = profile.description === null ? '' : `${sentence(profile.description)} `;
  return { title: `${profile.builtIn ? 'Preset' : 'Saved mapping'} ${profile.name}`, reason: about + sentence(reason), use: { profile } };
}

/** The file itself says nothing of its zone; these are the two that are meant most often. */
function zoneCards(ownZone: string): SuggestionCard[] {
  const zones: [zone: string, reason: string][] = [['UTC', 'The times carry no zone. Exports of servers and clouds are mostly in UTC.']];
  if (ownZone !== 'UTC') zones.push([ownZone, 'The times carry no zone. This is the zone of your computer.']);
  return zones.map(([timeZone, reason]) => ({ title: `Times are in ${timeZone}`, reason, use: { change: { timeZone } } }));
}

/** The draft with members by their path; undefined where one of them is none of the form's. */
export function withChange(draft: MappingDraft, change: Change): MappingDraft | undefined {
  const next = { ...draft, measures: [...draft.measures] };
  const style = styleIn(change);
  if (style !== undefined) next.numbers = styleOf(style);
  for (const [path, value] of Object.entries(change)) {
    const measure = PERCENT.exec(path)?.[1];
    if (measure !== undefined) {
      const own = next.measures[Number(measure)];
      if (own === undefined) return undefined;
      next.measures[Number(measure)] = { ...own, percent: value === true };
    } else if (path === 'timeFormat' || path === 'timeZone') next[path] = String(value);
    else if (!STYLE_MEMBERS.has(path)) return undefined;
  }
  return next;
}

const STYLE_MEMBERS = new Set(['decimal', 'thousands', 'grouping']);

/** Undefined where nothing is said of it. The server has checked the members: they are those of a mapping. */
function styleIn(change: Change): StyleMembers | undefined {
  const members = Object.entries(change).filter(([path]) => STYLE_MEMBERS.has(path));
  return members.length === 0 ? undefined : (Object.fromEntries(members) as StyleMembers);
}

function titleOf(change: Change): string {
  const { timeFormat, timeZone } = change;
  const style = styleIn(change);
  const parts = [
    ...(timeFormat === undefined ? [] : [`Times are written ${timeExample(String(timeFormat)) ?? String(timeFormat)}`]),
    ...(timeZone === undefined ? [] : [`Times are in ${String(timeZone)}`]),
    ...(style === undefined ? [] : [`Numbers are written ${exampleOf(styleOf(style))}`]),
    ...Object.keys(change).flatMap((path) => {
      const measure = PERCENT.exec(path)?.[1];
      return measure === undefined ? [] : [`Measure ${Number(measure) + 1} is in percent`];
    }),
  ];
  return parts.join(', ');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

/** Profiles are suggested while no mapping is given: they stay in sight while one is worked on. */
export function remembered(first: readonly Suggestion[], inspection: Pick<Inspection, 'suggestions'>): Suggestion[] {
  const profiles = first.filter(({ kind }) => kind === 'profile');
  return [...profiles, ...inspection.suggestions.filter(({ kind }) => kind !== 'profile')];
}
