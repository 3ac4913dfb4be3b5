import { describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { createStoreCheck } from './store-check.ts';

describe('a store check', () => {
  it('asks once for all who ask at the same time, and again when the answer is old', async () => {
    let asked = 0;
    let nowMs = 0;
    const check = createStoreCheck('postgres', async () => void (asked += 1), { ...systemClock, monotonicMs: () => nowMs });
    expect(await Promise.all([check.fault(), check.fault(), check.fault()])).toEqual([undefined, undefined, undefined]);
    expect(asked).toBe(1);
    await check.fault();
    expect(asked).toBe(1);
    nowMs = 1_000;
    await check.fault();
    expect(asked).toBe(2);
  });

  it('says what the store said', async () => {
    const check = createStoreCheck('event log', () => Promise.reject(new Error('refused')), systemClock);
    expect(await check.fault()).toMatchObject({ message: 'refused' });
  });

  it('does not ask again while a question is overdue, answers at once, and goes by the late answer', async () => {
    const answered = Promise.withResolvers<void>();
    let asked = 0;
    const ask = () => {
      asked += 1;
      return answered.promise;
    };
    const check = createStoreCheck('postgres', ask, systemClock);
    expect((await check.fault())?.message).toMatch(/no answer within/);
    expect((await check.fault())?.message).toMatch(/no answer within/);
    expect(asked).toBe(1);
    answered.resolve();
    await answered.promise;
    expect(await check.fault()).toBeUndefined();
    expect(asked).toBe(1);
  });
});
