import { describe, expect, it } from 'vitest';
import type { Mapping, Profile, Suggestion } from '../types.ts';
import { draftOfMapping, toMapping } from './mapping.ts';
import { cardsOf, likeBefore, remembered, withChange, type CardsInput } from './suggestions.ts';

const MAPPING: Mapping = {
  identity: 'row',
  customer: 'who',
  time: 'at',
  measures: [{ meter: { const: 'calls' }, quantity: 'n' }],
  nullTokens: [''],
};
const draft = draftOfMapping(MAPPING);

const profile = (name: string, builtIn = false): Profile => ({
  name,
  builtIn,
  description: builtIn ? 'usage of a cloud' : null,
  mapping: MAPPING,
  updatedAt: null,
});

function suggestion(part: Partial<Suggestion>): Suggestion {
  return { kind: 'mapping', profile: null, change: {}, columnsMatched: null, columnsUsed: null, reason: 'because', ...part };
}

function cards(suggestions: Suggestion[], options: Partial<CardsInput> = {}) {
  return cardsOf({ suggestions, profiles: [], profile: '', draft, isZoneOpen: false, ownZone: 'UTC', ...options });
}

describe('suggestions', () => {
  it('are cards that say what they bring, and why', () => {
    const found = cards(
      [
        suggestion({ kind: 'profile', profile: 'focus', reason: 'all 9 of its columns are in the header' }),
        suggestion({ kind: 'profile', profile: 'mine' }),
        suggestion({ change: { timeFormat: 'dd/MM/yyyy HH:mm' } }),
        suggestion({ change: { decimal: ',', thousands: '.' } }),
        suggestion({ change: { decimal: ',', 'measures/0/percent': true } }),
      ],
      { profiles: [profile('focus', true), profile('mine')] },
    );
    expect(found.map(({ title, reason }) => [title, reason])).toEqual([
      ['Preset focus', 'Usage of a cloud. All 9 of its columns are in the header.'],
      ['Saved mapping mine', 'Because.'],
      ['Times are written 31/10/2026 17:05', 'Because.'],
      ['Numbers are written 1.234,5', 'Because.'],
      ['Numbers are written 1234,5, Measure 1 is in percent', 'Because.'],
    ]);
  });

  it('become members of the mapping', () => {
    const changed = withChange(draft, { timeFormat: 'epoch_s', decimal: ',', 'measures/0/percent': true });
    expect(changed && toMapping(changed)).toEqual({
      ...MAPPING,
      timeFormat: 'epoch_s',
      decimal: ',',
      measures: [{ ...MAPPING.measures[0], percent: true }],
    });
    expect(toMapping(draft)).toEqual(MAPPING);
  });

  it('are not shown where the form says so already, or has no place for it', () => {
    expect(cards([suggestion({ change: { decimal: ',' } })], { draft: draftOfMapping({ ...MAPPING, decimal: ',' }) })).toEqual([]);
    expect(cards([suggestion({ change: { 'measures/3/percent': true } }), suggestion({ change: { colour: 'red' } })])).toEqual([]);
    const focus = suggestion({ kind: 'profile', profile: 'focus' });
    expect(cards([focus], { profiles: [profile('focus')], profile: 'focus' })).toEqual([]);
    expect(cards([focus])).toEqual([]);
  });

  it('name two zones where times carry none, and one where both are the same', () => {
    const titles = (ownZone: string) => cards([], { isZoneOpen: true, ownZone }).map(({ title }) => title);
    expect(titles('Europe/Berlin')).toEqual(['Times are in UTC', 'Times are in Europe/Berlin']);
    expect(titles('UTC')).toEqual(['Times are in UTC']);
  });

  it('of profiles stay while a mapping is worked on', () => {
    const first = [suggestion({ kind: 'profile', profile: 'mine' }), suggestion({ change: { decimal: ',' } })];
    const now = suggestion({ change: { timeFormat: 'epoch_s' } });
    expect(remembered(first, { suggestions: [now] })).toEqual([first[0], now]);
  });
});

describe('a file after another', () => {
  const before = { name: 'january.csv', header: ['who', 'at', 'n'], reading: {}, mapping: MAPPING };

  it('may be read as that one was, where it has the same columns in the same order', () => {
    expect(likeBefore(before, ['who', 'at', 'n'])).toMatchObject([{ title: 'Read as january.csv was', use: { before } }]);
    for (const header of [
      ['who', 'n', 'at'],
      ['who', 'at'],
      ['who', 'at', 'n', 'x'],
    ])
      expect(likeBefore(before, header)).toEqual([]);
    expect(likeBefore(undefined, before.header)).toEqual([]);
  });
});
