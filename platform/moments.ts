/**
 * Moments on the way of an event at which the process could die with something half done, announced on a diagnostics channel
 * (https://nodejs.org/api/diagnostics_channel.html): whoever observes the program can see them, and the fault suite ends it there.
 * Nobody subscribed: a look at a flag.
 */
import { channel } from 'node:diagnostics_channel';

export const MOMENTS_CHANNEL = 'tallyline.moments';

export const MOMENTS = [
  /** The log has acknowledged events; no checkpoint knows of it yet. */
  'published',
  /** Events are written in an open transaction: in the staging table, or in their own. */
  'staged',
  /** Postgres has committed events and offset. */
  'recorded',
  /** A range is PENDING, nothing of it in ClickHouse. */
  'announced',
  /** A month of a range is in ClickHouse, the range not DONE. */
  'inserted',
  /** One partition's control message of an undo or a resolution is in the log. */
  'told',
  /** Postgres has committed what a control message changes. */
  'control-recorded',
  /** Voided rows are deleted in ClickHouse, the range not DONE. */
  'control-deleted',
  /** Dead letters are on their topic; Postgres does not know it yet. */
  'letters-published',
  /** Part of the usage is copied to the new table. */
  'rebuild-copying',
  /** All rollups locks are held and the copy is complete. */
  'rebuild-copied',
  /** The tables are exchanged; Postgres does not know it yet. */
  'rebuild-exchanged',
  /** A range of a billing run is committed; the run is not done. */
  'drafted',
  /** An open transaction has given an invoice its number. */
  'numbered',
] as const;

/** Of streams and events alone. Apart from the others, so that the fault suite's seeds choose of those as they did. */
export const STREAM_MOMENTS = [
  /** The file store has lines of a stream, and Postgres knows of them; nothing of them is in the log. */
  'received',
] as const;

export type Moment = (typeof MOMENTS)[number] | (typeof STREAM_MOMENTS)[number];

const moments = channel(MOMENTS_CHANNEL);

export function announceMoment(moment: Moment): void {
  if (moments.hasSubscribers) moments.publish(moment);
}
