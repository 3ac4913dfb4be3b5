/**
 * Customers and meters repeat in a file: each is copied out of the block it was read from and encoded once.
 *
 * The copy matters. A cell is a slice that keeps its whole block of text alive, so a thousand customers held on to for the length of an
 * import would hold on to a thousand blocks.
 */
export interface EncodedKey {
  text: string;
  /** The member of the event: `,"c":"acme"`. */
  member: string;
}

export type KeyEncoder = (text: string) => EncodedKey;

/** Some 10 MB at the most; a file with more distinct keys starts afresh, which costs no more than not remembering. */
const KEYS_MAX = 50_000;

/** `name`: of the member. */
export function createKeyEncoder(name: string): KeyEncoder {
  const known = new Map<string, EncodedKey>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    if (known.size >= KEYS_MAX) known.clear();
    const copy = Buffer.from(text).toString();
    const encoded = { text: copy, member: `,${JSON.stringify(name)}:${JSON.stringify(copy)}` };
    known.set(copy, encoded);
    return encoded;
  };
}
