/**
 * The control message: what a consumer of the log has to do at this place, instead of an event.
 *
 * `{"v":1,"k":"undo","i":importId}`: everything of this import that lies before it is taken back. It goes to every partition.
 * `{"v":1,"k":"keep","i":conflictId}`: what a person decided about this conflict is carried out. It goes to the partition of its
 * customer. Which version is kept stands in Postgres.
 *
 * Each in an append of its own, so that it shares its offset with no event.
 */

export const CONTROL_MESSAGE_VERSION = 1;

/** Ids are decimal strings of 64-bit integers. */
export type ControlMessage = { kind: 'undo'; importId: string } | { kind: 'keep'; conflictId: string };

/** No event begins like this: its second member is `id`. One comparison per event, as all of them are asked. */
const BEGINNING = `{"v":${CONTROL_MESSAGE_VERSION},"k":"`;
const CONTROL = /^\{"v":1,"k":"(undo|keep)","i":"([1-9]\d{0,17})"\}$/;

export function encodeControlMessage(message: ControlMessage): string {
  return `${BEGINNING}${message.kind}","i":"${message.kind === 'undo' ? message.importId : message.conflictId}"}`;
}

/** Undefined: it is none of ours, so an event or a dead letter. */
export function decodeControlMessage(encoded: string): ControlMessage | undefined {
  if (!encoded.startsWith(BEGINNING)) return undefined;
  const [, kind, id] = CONTROL.exec(encoded) ?? [];
  if (id === undefined) return undefined;
  return kind === 'undo' ? { kind, importId: id } : { kind: 'keep', conflictId: id };
}
