/** A credit note as PDF, in the manner of an invoice. The same note gives the same bytes, until its invoice is voided. */
import type { Readable } from 'node:stream';
import type { CreditNoteDocument } from '../../schemas/http/credit-notes.ts';
import type { Seller } from '../../schemas/http/settings.ts';
import { paragraphRows } from './pdf/amount-rows.ts';
import { creditNoteHours, drawCreditNoteEntries } from './pdf/credit-note-entries.ts';
import { drawHours } from './pdf/hours-appendix.ts';
import { dateLabel, grouped, periodLabel, zoneLabel } from './pdf/labels.ts';
import { drawLetterhead } from './pdf/letterhead.ts';
import type { Sheet } from './pdf/sheet.ts';
import { streamDocument } from './pdf/stream.ts';
import { showHidden } from './pdf/text.ts';

export interface CreditNoteParties {
  seller: Seller;
  /** Of the customer, beside name and id. */
  invoiceDetails: Readonly<Record<string, string>>;
}

const TITLES: Record<CreditNoteDocument['status'], string> = { final: 'Credit note', void: 'Credit note (void)' };

/** Hours that the note has are listed in an appendix. */
export function writeCreditNotePdf(note: CreditNoteDocument, parties: CreditNoteParties): Readable {
  const { number, status, period, customerName, createdAt } = note;
  return streamDocument(
    {
      title: `${TITLES[status]} ${number}`,
      seller: parties.seller,
      customer: showHidden(customerName),
      subject: `to invoice ${note.invoiceNumber}`,
      timeZone: period.timeZone,
      date: new Date(createdAt),
      stamp: status === 'void' ? 'VOID' : undefined,
    },
    (sheet) => drawCreditNote(sheet, note, parties),
  );
}

function* drawCreditNote(sheet: Sheet, note: CreditNoteDocument, parties: CreditNoteParties): Generator<void> {
  sheet.addPage();
  drawHeading(sheet, note, parties);
  sheet.y -= 12;
  yield* sheet.place(paragraphRows(sheet, 'Reason', note.reason.split(/\r?\n/u)));
  sheet.y += 12;
  yield* drawCreditNoteEntries(sheet, note);
  yield* drawHours(sheet, note.currency, creditNoteHours(note));
}

function drawHeading(sheet: Sheet, note: CreditNoteDocument, { seller, invoiceDetails }: CreditNoteParties): void {
  const { customer, customerName, period, currency, status, voided } = note;
  const date = (instant: string): string => dateLabel(Date.parse(instant), period.timeZone);
  drawLetterhead(sheet, {
    title: TITLES[status],
    seller,
    recipientLabel: 'Credit to',
    recipient: { customer, customerName, details: invoiceDetails },
    facts: [
      ['Credit note', note.number],
      ['Date', date(note.createdAt)],
      ...(voided === null ? [] : [['Voided', date(voided.at)] as [string, string]]),
      ['To invoice', note.invoiceNumber],
      ['Invoice date', date(note.invoiceDate)],
      ['Period', periodLabel(period, period.timeZone)],
      ['Time zone', zoneLabel(period)],
      ['Currency', currency],
    ],
    amount: { label: `Credited${voided === null ? '' : ' (void with its invoice)'}`, text: `${currency} ${grouped(note.total)}` },
  });
}
