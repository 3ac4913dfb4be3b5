/**
 * Whether the next batch of a partition is copied straight into its table or goes through staging, and which of its events are staged even
 * so: a guess from what the last ones were like, as a COPY that meets a key that is taken is work for nothing. A wrong guess costs time,
 * nothing else.
 */
import { RecentKeys } from './recent-keys.ts';

/** Batches without a surprise that are staged at the most before it is tried again: some seconds' worth of a large import. */
const CALM_BATCHES_MAX = 64;
/** Keys are no longer watched after so many batches in a row in which none was taken. */
const WATCHED_BATCHES = 64;

export class InsertPath {
  /** Calm batches to be staged before the next one goes straight. */
  #toGo = 0;
  /** The same, as it will be after the next surprise. Doubles with each attempt in vain, and halves with each success. */
  #wanted = 1;
  #watched = 0;
  #keys: RecentKeys | undefined;

  isStraight(): boolean {
    return this.#toGo === 0;
  }

  /** Of the last batches; undefined while none of their keys was taken: then it is not worth its time. */
  get recentKeys(): RecentKeys | undefined {
    return this.#keys;
  }

  /** A key was taken that was not suspected: the batch is staged after all. */
  wasViolated(): void {
    this.#toGo = this.#wanted;
    this.#wanted = Math.min(this.#wanted * 2, CALM_BATCHES_MAX);
  }

  /** `taken`: some of its keys were. */
  wentStraight(taken: boolean): void {
    this.#wanted = Math.max(1, Math.floor(this.#wanted / 2));
    this.#watch(taken);
  }

  /** `surprised`: some of the keys were taken without having been suspected. */
  wasStaged(taken: boolean, surprised: boolean): void {
    if (surprised) this.#toGo = Math.max(this.#toGo, 1);
    else if (this.#toGo > 0) this.#toGo--;
    this.#watch(taken);
  }

  #watch(taken: boolean): void {
    this.#watched = taken ? WATCHED_BATCHES : Math.max(0, this.#watched - 1);
    if (this.#watched === 0) this.#keys = undefined;
    else this.#keys ??= new RecentKeys();
  }
}
