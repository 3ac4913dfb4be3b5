/** The beginning of a file, for a look at its columns: whole lines, unpacked, and never more than a few hundred kilobytes. */

/** Enough for 20 rows of the widest exports (some 40 columns, 2 kB a row) many times over. */
export const SAMPLE_BYTES = 262_144;

const LINE_FEED = 0x0a;

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

/** Cut behind the last line feed, so that no half row is judged; in UTF-16 one takes two bytes. */
export function wholeLines(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const end = bytes.lastIndexOf(LINE_FEED) + 1;
  if (end === 0) return bytes;
  return bytes.slice(0, wide ? end + (end % 2) : end);
}
