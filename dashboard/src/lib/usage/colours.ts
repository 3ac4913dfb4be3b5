/** Which customer has which colour: the customer keeps it while the ranks change. */
export const COLOURS_MAX = 5;

const remembered = new Map<string, number>();

/**
 * A place from 0 to 4 for each of at most five customers, the largest first. One that had a colour before gets it again, unless a larger one
 * of these has it; the rest take what is free.
 */
export function slotsFor(ids: readonly string[], memory: Map<string, number> = remembered): number[] {
  const taken = new Set<number>();
  const slots = ids.map((id) => {
    const slot = memory.get(id);
    if (slot === undefined || taken.has(slot)) return undefined;
    taken.add(slot);
    return slot;
  });
  return slots.map((slot, index) => {
    if (slot !== undefined) return slot;
    let free = 0;
    while (taken.has(free)) free += 1;
    taken.add(free);
    const id = ids[index];
    if (id !== undefined) memory.set(id, free);
    return free;
  });
}
