/**
 * Counts by 16-byte hash, exactly, in 20 bytes a key: open addressing in two typed arrays.
 *
 * The hashes are SHA-256, so any of their bits place them evenly; all 128 are compared.
 */

export const HASH_BYTES = 16;
const BYTES_PER_SLOT = 20;
/** Above this share of full slots the probes grow long. */
const LOAD_MAX = 0.75;
const SLOTS_MIN = 64;

export class HashCounts {
  #keys = new Uint32Array(SLOTS_MIN * 4);
  /** 0: the slot is free. */
  #counts = new Uint32Array(SLOTS_MIN);
  #mask = SLOTS_MIN - 1;
  #size = 0;
  readonly #keysMax: number;

  /** `bytesMax` holds also while the table grows, when the old one and one of twice its size exist. */
  constructor(bytesMax: number) {
    let slots = SLOTS_MIN;
    while ((slots * 2 + slots) * BYTES_PER_SLOT <= bytesMax) slots *= 2;
    this.#keysMax = Math.floor(slots * LOAD_MAX);
  }

  get size(): number {
    return this.#size;
  }

  /** Distinct hashes that can still be added. */
  get room(): number {
    return this.#keysMax - this.#size;
  }

  /** The count of a hash; 0 where it was never added. */
  get(hash: Uint8Array, at = 0): number {
    return this.#counts[this.#find(word(hash, at), word(hash, at + 4), word(hash, at + 8), word(hash, at + 12))] as number;
  }

  /** Adds to a hash's count and returns the new one; undefined, and nothing changed, where it would be a new hash and there is no room. */
  add(hash: Uint8Array, at = 0, amount = 1): number | undefined {
    const a = word(hash, at);
    const b = word(hash, at + 4);
    const c = word(hash, at + 8);
    const d = word(hash, at + 12);
    let slot = this.#find(a, b, c, d);
    if (this.#counts[slot] === 0) {
      if (this.#size >= this.#keysMax) return undefined;
      if (this.#size + 1 > (this.#mask + 1) * LOAD_MAX) {
        this.#grow();
        slot = this.#find(a, b, c, d);
      }
      this.#size += 1;
      this.#store(slot, a, b, c, d);
    }
    const count = (this.#counts[slot] as number) + amount;
    this.#counts[slot] = count;
    return count;
  }

  /** Every hash, written into the one buffer that is yielded again and again, with its count. */
  *entries(): Generator<{ hash: Uint8Array; count: number }> {
    const hash = Buffer.alloc(HASH_BYTES);
    for (let slot = 0; slot <= this.#mask; slot += 1) {
      const count = this.#counts[slot] as number;
      if (count === 0) continue;
      for (let i = 0; i < 4; i += 1) hash.writeUInt32LE(this.#keys[slot * 4 + i] as number, i * 4);
      yield { hash, count };
    }
  }

  #find(a: number, b: number, c: number, d: number): number {
    const keys = this.#keys;
    let slot = b & this.#mask;
    while (this.#counts[slot] !== 0) {
      const at = slot * 4;
      if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d) break;
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }

  #store(slot: number, a: number, b: number, c: number, d: number): void {
    const at = slot * 4;
    this.#keys[at] = a;
    this.#keys[at + 1] = b;
    this.#keys[at + 2] = c;
    this.#keys[at + 3] = d;
  }

  #grow(): void {
    const keys = this.#keys;
    const counts = this.#counts;
    const slots = counts.length * 2;
    this.#keys = new Uint32Array(slots * 4);
    this.#counts = new Uint32Array(slots);
    this.#mask = slots - 1;
    for (let old = 0; old < counts.length; old += 1) {
      const count = counts[old] as number;
      if (count === 0) continue;
      const at = old * 4;
      const [a, b, c, d] = [keys[at] as number, keys[at + 1] as number, keys[at + 2] as number, keys[at + 3] as number];
      const slot = this.#find(a, b, c, d);
      this.#store(slot, a, b, c, d);
      this.#counts[slot] = count;
    }
  }
}

/** Little-endian, unsigned. */
function word(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0
  );
}
