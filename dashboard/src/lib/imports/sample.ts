/** The beginning of a file, for a look at its columns: whole lines, unpacked, and never more than a few hundred kilobytes. */

/** Enough for 20 rows of the widest exports (some 40 columns, 2 kB a row) many times over. */
export const SAMPLE_BYTES = 262_144;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export async function sampleOf(file: Blob, name: string, bytesMax = SAMPLE_BYTES): Promise<Blob> {
  if (!name.toLowerCase().endsWith('.gz')) {
    const bytes = new Uint8Array(await file.slice(0, bytesMax).arrayBuffer());
    return new Blob([bytes.length < file.size ? wholeLines(bytes) : bytes]);
  }
  const { bytes, cut } = await firstBytes(file.stream().pipeThrough(new DecompressionStream('gzip')), bytesMax);
  return new Blob([cut ? wholeLines(bytes) : bytes]);
}

async function firstBytes(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  bytesMax: number,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; cut: boolean }> {
  const bytes = new Uint8Array(bytesMax);
  const reader = stream.getReader();
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { bytes: bytes.slice(0, length), cut: false };
    const room = bytesMax - length;
    bytes.set(value.subarray(0, room), length);
    length += Math.min(room, value.length);
    if (value.length < room) continue;
    await reader.cancel();
    return { bytes, cut: true };
  }
}

/** Cut behind the last line ending, so that no half row is judged; in UTF-16 one takes two bytes. */
export function wholeLines(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  for (const ending of [LINE_FEED, CARRIAGE_RETURN]) {
    const end = endOfLast(bytes, ending);
    if (end > 0) return bytes.slice(0, end);
  }
  return bytes;
}

function endOfLast(bytes: Uint8Array, ending: number): number {
  const wide = byteOrder(bytes);
  if (wide === undefined) return bytes.lastIndexOf(ending) + 1;
  // Where the unit begins whose other byte is NUL.
  const own = wide === 'little' ? 0 : 1;
  for (let at = bytes.length - (bytes.length % 2) - 2; at >= 0; at -= 2) {
    if (bytes[at + own] === ending && bytes[at + 1 - own] === 0) return at + 2;
  }
  return 0;
}

/** Of UTF-16, by its mark or by the NULs beside the first characters; undefined for what has one byte or more a character. */
function byteOrder(bytes: Uint8Array): 'little' | 'big' | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'little';
  if (first === 0xfe && second === 0xff) return 'big';
  if (first === 0) return 'big';
  return second === 0 ? 'little' : undefined;
}
