/** Whether an event can be taken, said before it is kept: what its sender can mend is answered at once. */
import { ENCODED_EVENT_BYTES_MAX } from '../../schemas/usage-event.ts';
import type { RowFault } from '../csv/faults.ts';
import { resolveMapping } from '../csv/mapping.ts';
import { EVENT_MAPPING, JsonExploder, membersOf } from '../stream/json-rows.ts';

/** The longest that an import can have: an event is sound whatever import it becomes a line of. */
const LONGEST_IMPORT_ID = '9'.repeat(18);

/** Checks events as they are read in the present `nowMs`. */
export function createEventCheck(nowMs: number): (text: string) => RowFault | undefined {
  const resolved = resolveMapping(EVENT_MAPPING, membersOf(EVENT_MAPPING));
  if (!resolved.ok) throw new Error('the shape of events does not fit itself');
  const exploder = new JsonExploder({ mapping: resolved.resolved, own: true, importId: LONGEST_IMPORT_ID, nowMs });
  return (text) => {
    if (text.length * 3 > ENCODED_EVENT_BYTES_MAX && Buffer.byteLength(text) >= ENCODED_EVENT_BYTES_MAX) {
      return { code: 'event_too_large', column: null, message: `the event is larger than ${ENCODED_EVENT_BYTES_MAX} bytes` };
    }
    return exploder.check([text]) ?? exploder.push(exploder.givenId(), Number.MAX_SAFE_INTEGER, { customers: [], payloads: [] });
  };
}
