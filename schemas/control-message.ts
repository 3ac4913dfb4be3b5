/**
 * The control message: what a consumer of the log has to do at this place, instead of an event.
 *
 * `{"v":1,"k":"undo","i":importId}`: everything of this import that lies before it is taken back. It goes to every partition,
 * in an append of its own, so that it shares its offset with no event.
 */

export const CONTROL_MESSAGE_VERSION = 1;

export interface ControlMessage {
  kind: 'undo';
  /** Decimal string of a 64-bit integer. */
  importId: string;
}

/** No event begins like this: its second member is `id`. One comparison per event, as all of them are asked. */
const BEGINNING = `{"v":${CONTROL_MESSAGE_VERSION},"k":"`;
const UNDO = /^\{"v":1,"k":"undo","i":"([1-9]\d{0,17})"\}$/;

export function encodeControlMessage({ kind, importId }: ControlMessage): string {
  return `${BEGINNING}${kind}","i":"${importId}"}`;
}

/** Undefined: it is none of ours, so an event or a dead letter. */
export function decodeControlMessage(encoded: string): ControlMessage | undefined {
  if (!encoded.startsWith(BEGINNING)) return undefined;
  const importId = UNDO.exec(encoded)?.[1];
  return importId === undefined ? undefined : { kind: 'undo', importId };
}
