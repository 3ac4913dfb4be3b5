/** A question to the server that follows what is typed: asked once the typing rests, and only the last one is heard. */
import type { ApiError } from './api.ts';
import { outcome } from './outcome.ts';

export type Question<T> = (signal: AbortSignal) => Promise<T>;

export class Answer<T> {
  /** The last answer; it stays while the next one is awaited. */
  value = $state.raw<T | undefined>();
  /** Why the question as it is now has no answer. */
  error = $state.raw<ApiError | undefined>();
  /** Whether `value` answers an earlier question. */
  stale = $state(false);
}

/** To be called while a component is set up; `question` is read again when what it reads changes. Null: nothing is asked. */
export function ask<T>(question: () => Question<T> | null, restMs: number): Answer<T> {
  const answer = new Answer<T>();
  $effect(() => {
    const run = question();
    if (run === null) {
      answer.value = undefined;
      answer.error = undefined;
      answer.stale = false;
      return;
    }
    answer.stale = true;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      void outcome(run(stop.signal)).then((result) => {
        if (stop.signal.aborted) return;
        answer.error = result.ok ? undefined : result.error;
        if (result.ok) answer.value = result.value;
        answer.stale = !result.ok;
      });
    }, restMs);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  });
  return answer;
}
