/** Several dead letters, one after the other: what cannot be read is refused by itself and keeps nobody. */
import type { ApiError } from '../api.ts';
import type { Outcome } from '../outcome.ts';
import { plural } from '../format.ts';
import type { DeadLetter } from '../types.ts';

export interface Replayed {
  sent: number;
  refused: ReadonlyMap<string, ApiError>;
  /** Those that were not tried, because the server could not be asked any more. */
  left: number;
}

export async function replayAll(ids: readonly string[], send: (id: string) => Promise<Outcome<DeadLetter>>): Promise<Replayed> {
  const refused = new Map<string, ApiError>();
  let sent = 0;
  for (const [index, id] of ids.entries()) {
    const result = await send(id);
    if (result.ok) {
      sent += 1;
      continue;
    }
    refused.set(id, result.error);
    // Anything but "this message cannot be read" would meet the next one too.
    if (result.error.status !== 422) return { sent, refused, left: ids.length - index - 1 };
  }
  return { sent, refused, left: 0 };
}

export function replayedText({ sent, refused, left }: Replayed): string {
  const parts = [
    sent === 0 ? null : `${plural(sent, 'message was', 'messages were')} put back into the log`,
    refused.size === 0 ? null : `${plural(refused.size, 'was', 'were')} refused, with the reason below`,
    left === 0 ? null : `${plural(left, 'was', 'were')} not tried`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? '' : `${parts.join('; ')}.`;
}
