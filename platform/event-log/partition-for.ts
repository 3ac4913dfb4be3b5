/**
 * The partition of a customer: FNV-1a (32 bits) over the UTF-16 code units, low byte first. Never to be changed: the events
 * of a customer stay in one partition for the life of a log.
 */
export function partitionFor(customer: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < customer.length; at += 1) {
    const unit = customer.charCodeAt(at);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  return (hash >>> 0) % partitions;
}
