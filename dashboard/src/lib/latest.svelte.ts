/** What a promise in the page's data last became. While the next one is pending, the old answer stays. */
import type { Outcome } from './outcome.ts';

export class Latest<T> {
  outcome = $state.raw<Outcome<T> | undefined>();
  pending = $state(true);
  /** The last answer that was none of a failure. */
  last = $state.raw<T | undefined>();

  get value(): T | undefined {
    return this.outcome?.ok === true ? this.outcome.value : undefined;
  }
}

/** To be called while a component is set up; `source` is read again when what it reads changes. Null stands for nothing to wait for. */
export function latest<T>(source: () => Promise<Outcome<T>> | null): Latest<T> {
  const result = new Latest<T>();
  $effect(() => {
    const promise = source();
    let current = true;
    result.pending = promise !== null;
    if (promise === null) result.outcome = undefined;
    void promise?.then((outcome) => {
      if (!current) return;
      result.outcome = outcome;
      if (outcome.ok) result.last = outcome.value;
      result.pending = false;
    });
    return () => {
      current = false;
    };
  });
  return result;
}
