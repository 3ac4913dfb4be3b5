/** Which time counts, and which does not. */
import { describe, expect, it } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { UploadPace } from './upload-pace.ts';

const LIMITS = { bytesPerSecondMin: 1_000, rateWindowMs: 30_000 };

/** A sender and a disk whose times are those of the test. */
function transferOf(limits = LIMITS) {
  let nowMs = 0;
  let bytes = 500;
  const clock = { ...systemClock, monotonicMs: () => nowMs };
  const pace = new UploadPace({ limits, clock, bytesArrived: () => bytes });
  return {
    /** So many bytes, after so long. */
    arrive: (count: number, ms: number) =>
      pace.wait(async () => {
        nowMs += ms;
        bytes += count;
        return count;
      }),
    write: (ms: number) => (nowMs += ms),
  };
}

const TOO_SLOW = { code: 'upload_too_slow' };

describe('the pace of an upload', () => {
  it('may be as slow as its limit, on the average of a window, and not slower', async () => {
    for (const [bytes, isEnough] of [
      [10_000, true],
      [9_999, false],
    ] as const) {
      const { arrive } = transferOf();
      await arrive(10_000, 10_000);
      await arrive(10_000, 10_000);
      expect(await arrive(bytes, 10_000)).toBe(bytes);
      const more = arrive(1, 0);
      if (isEnough) expect(await more).toBe(1);
      else await expect(more).rejects.toMatchObject(TOO_SLOW);
    }
  });

  it('does not get slower by what is written down meanwhile, however long that takes', async () => {
    const { arrive, write } = transferOf();
    for (let turn = 0; turn < 100; turn += 1) {
      expect(await arrive(1_000, 1_000)).toBe(1_000);
      write(3_600_000);
    }
  });

  it('is that of each window: what was fast before does not make up for it', async () => {
    const { arrive } = transferOf();
    await arrive(1_000_000_000, 30_000);
    await arrive(29_999, 30_000);
    await expect(arrive(1_000_000, 1)).rejects.toMatchObject(TOO_SLOW);
  });

  it('is not judged once everything is there', async () => {
    const { arrive } = transferOf();
    expect(await arrive(1, 3_600_000)).toBe(1);
  });

  it('is as slow as it likes where nothing is asked for', async () => {
    const { arrive } = transferOf({ ...LIMITS, bytesPerSecondMin: 0 });
    for (let turn = 0; turn < 3; turn += 1) expect(await arrive(0, 3_600_000)).toBe(0);
  });

  it('is too slow when nothing comes at all, and what comes later harms nobody', async () => {
    const pace = new UploadPace({ limits: { bytesPerSecondMin: 1, rateWindowMs: 20 }, clock: systemClock, bytesArrived: () => 0 });
    let fail: (error: Error) => void = () => undefined;
    const silence = new Promise<never>((_, reject) => (fail = reject));
    await expect(pace.wait(() => silence)).rejects.toMatchObject(TOO_SLOW);
    fail(new Error('the connection was reset'));
  });

  it('passes on what goes wrong with the sender', async () => {
    const { arrive } = transferOf();
    await arrive(1_000, 1_000);
    const pace = new UploadPace({ limits: LIMITS, clock: systemClock, bytesArrived: () => 0 });
    await expect(pace.wait(() => Promise.reject(new Error('aborted')))).rejects.toThrow('aborted');
  });
});
