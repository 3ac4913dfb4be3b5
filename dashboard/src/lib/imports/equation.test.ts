import { describe, expect, it } from 'vitest';
import { equationOf, eventsHold } from './equation.ts';

describe('the result of an import', () => {
  it('adds up when every line has one outcome', () => {
    const equation = equationOf({ rows: { read: 115_517, new: 112_480, known: 3_020, conflict: 0, rejected: 17 } });
    expect(equation).toMatchObject({ read: 115_517, holds: true });
    expect(equation?.terms.map(({ count }) => count)).toEqual([112_480, 3_020, 0, 17]);
  });

  it('says so when it does not', () => {
    expect(equationOf({ rows: { read: 10, new: 8, known: 0, conflict: 0, rejected: 1 } })?.holds).toBe(false);
  });

  it('is not there while outcomes are open', () => {
    expect(equationOf({ rows: { read: 10, rejected: 0 } })).toBeNull();
  });

  it('checks events too', () => {
    expect(eventsHold({ events: { published: 17_638, accepted: 0, duplicate: 17_638, conflict: 0, dead: 0 } })).toBe(true);
    expect(eventsHold({ events: { published: 3, accepted: 1, duplicate: 1, conflict: 0, dead: 0 } })).toBe(false);
  });
});
