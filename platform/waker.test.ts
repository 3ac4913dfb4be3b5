import { describe, expect, it } from 'vitest';
import { Waker } from './waker.ts';

/** Long enough that a test which waits for it fails by its own time limit. */
const NEVER_MS = 3_600_000;

describe('a wait', () => {
  it('ends when it is woken', async () => {
    const waker = new Waker();
    const waiting = waker.wait(NEVER_MS, new AbortController().signal);
    waker.wake();
    await waiting;
  });

  it('ends at once when the waking came before it, and only the next one does', async () => {
    const waker = new Waker();
    waker.wake();
    await waker.wait(NEVER_MS, new AbortController().signal);
    const stopping = new AbortController();
    let ended = false;
    const second = waker.wait(NEVER_MS, stopping.signal).then(() => (ended = true));
    await Promise.resolve();
    expect(ended).toBe(false);
    stopping.abort();
    await second;
  });

  it('ends when the time is over, and when the signal fires before or during it', async () => {
    const waker = new Waker();
    await waker.wait(1, new AbortController().signal);
    await waker.wait(NEVER_MS, AbortSignal.abort());
    const stopping = new AbortController();
    const waiting = waker.wait(NEVER_MS, stopping.signal);
    stopping.abort();
    await waiting;
  });
});
