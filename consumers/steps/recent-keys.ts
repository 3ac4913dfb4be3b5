/**
 * Guesses which events repeat one that came shortly before.
 *
 * One bit per key, by its hash, in two filters that take turns: at least KEYS_MAX keys back are remembered, at most twice as many. A key
 * that is new is taken for a repeated one once in some thirty cases, one that came earlier than that for new: a guess, on which nothing
 * but time may depend. (Bloom, Space/Time Trade-offs in Hash Coding with Allowable Errors, 1970, with a single hash.)
 */

/** Two megabytes a filter. */
const BITS = 2 ** 24;
const KEYS_MAX = BITS / 64;

export class RecentKeys {
  #filter = new Uint32Array(BITS / 32);
  #before = new Uint32Array(BITS / 32);
  #keys = 0;

  /** Whether the key seems to have come before; from now on it has. */
  add(customer: string, id: string): boolean {
    const hash = hashOf(id, hashOf(customer, FNV_OFFSET));
    const [word, bit] = [(hash & (BITS - 1)) >>> 5, 1 << (hash & 31)];
    const isKnown = (((this.#filter[word] as number) | (this.#before[word] as number)) & bit) !== 0;
    this.#filter[word] = (this.#filter[word] as number) | bit;
    this.#keys += 1;
    if (this.#keys === KEYS_MAX) this.#turn();
    return isKnown;
  }

  #turn(): void {
    [this.#filter, this.#before] = [this.#before.fill(0), this.#filter];
    this.#keys = 0;
  }
}

const FNV_OFFSET = 0x811c9dc5;

/** FNV-1a, 32 bits, over the low bytes of the code units; folded, as its upper bits are the better ones. */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
