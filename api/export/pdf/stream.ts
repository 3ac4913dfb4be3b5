/**
 * A document as a stream: a page is drawn when someone reads on, and is gone when the next one begins, so that an appendix of thousands of
 * pages takes no more memory than one of two.
 */
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Seller } from '../../../schemas/http/settings.ts';
import { createDocument } from './document.ts';
import { Sheet, type Stamp } from './sheet.ts';

export interface DocumentFrame {
  /** `Invoice INV-7`. */
  title: string;
  seller: Seller;
  /** With characters that show nothing written out. */
  customer: string;
  /** What it is about, in short: a period. */
  subject: string;
  timeZone: string;
  date: Date;
  stamp: Stamp | undefined;
}

/** `draw` yields wherever it may be interrupted. */
export function streamDocument(frame: DocumentFrame, draw: (sheet: Sheet) => Generator<void>): Readable {
  return Readable.from(chunksOf(frame, draw), { objectMode: false });
}

async function* chunksOf(frame: DocumentFrame, draw: (sheet: Sheet) => Generator<void>): AsyncGenerator<Buffer> {
  const { title, seller, customer, subject, timeZone, date, stamp } = frame;
  const { name = '', taxId, email } = seller;
  const document = createDocument({
    title: `${title} · ${customer} · ${subject}`,
    author: name,
    subject: `${subject}, ${timeZone}`,
    date,
  });
  const sheet = new Sheet(document, {
    header: { left: [title, name].filter(Boolean).join(' · '), right: `${customer} · ${subject}` },
    footer: [name, taxId === undefined ? '' : `Tax number: ${taxId}`, email].filter(Boolean).join(' · '),
    stamp,
  });
  let pages = 0;
  const steps = draw(sheet);
  while (steps.next().done !== true) {
    const chunk = document.read();
    if (chunk !== null) yield chunk;
    if (sheet.pages === pages) continue;
    pages = sheet.pages;
    // A fast reader would otherwise keep everyone else waiting until the last page.
    await setImmediate();
  }
  sheet.close();
  document.end();
  for (let chunk = document.read(); chunk !== null; chunk = document.read()) yield chunk;
}
