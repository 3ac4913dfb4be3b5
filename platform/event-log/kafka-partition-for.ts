/**
 * The partition of a customer: murmur2 (32 bits, seed 0x9747b28c) over the UTF-8 bytes, its sign cut off, modulo the partitions.
 * This is what Kafka's own default partitioner does with a key, so that other producers of the topic agree with us on where a
 * customer belongs. Never to be changed: the events of a customer stay in one partition for the life of a topic.
 */
const SEED = 0x9747b28c;
const MIX = 0x5bd1e995;
const MIX_SHIFT = 24;
/** Room for a key of 256 characters; longer ones get a buffer of their own. */
const SCRATCH_BYTES = 1_024;
const BYTES_PER_UNIT_MAX = 3;

const scratch = Buffer.alloc(SCRATCH_BYTES);

export function kafkaPartitionFor(customer: string, partitions: number): number {
  const fits = customer.length * BYTES_PER_UNIT_MAX <= SCRATCH_BYTES;
  const bytes = fits ? scratch : Buffer.from(customer);
  const length = fits ? scratch.write(customer) : bytes.length;
  return (murmur2(bytes, length) & 0x7fffffff) % partitions;
}

function murmur2(bytes: Buffer, length: number): number {
  let hash = SEED ^ length;
  const whole = length & ~3;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), MIX);
    word = Math.imul(word ^ (word >>> MIX_SHIFT), MIX);
    hash = Math.imul(hash, MIX) ^ word;
  }
  const rest = length - whole;
  if (rest > 0) {
    for (let at = rest - 1; at >= 0; at -= 1) hash ^= (bytes[whole + at] ?? 0) << (8 * at);
    hash = Math.imul(hash, MIX);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MIX);
  return hash ^ (hash >>> 15);
}
