/** The part of a rejected line that is at fault, with a little of the line on both sides. */
export interface Excerpt {
  before: string;
  fault: string;
  after: string;
}

/** So much of the line stands before the cell; what comes after is cut by the room there is. */
const LEAD = 16;

/** The message quotes the faulty cell; without a quote, as for an empty cell, the line stands as it is. */
export function excerptOf({ raw, message }: { raw: string; message: string }): Excerpt {
  const value = /"((?:[^"\\]|\\.)+)"/.exec(message)?.[1];
  const at = value === undefined ? -1 : raw.indexOf(value);
  if (value === undefined || at < 0) return { before: raw, fault: '', after: '' };
  const before = raw.slice(0, at);
  return { before: before.length > LEAD ? `…${before.slice(-LEAD)}` : before, fault: value, after: raw.slice(at + value.length) };
}
