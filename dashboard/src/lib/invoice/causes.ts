/** Why something is due again, or no more, in words; and what has become of a row since it was billed. */
import { formatCount, formatDecimal, plural } from '../format.ts';
import { formatMoment } from '../time.ts';
import type { AdjustmentCause, InvoiceAdjustment, TracedRecord } from '../types.ts';

export interface CauseText {
  before: string;
  /** What it links to. */
  name: string;
  href: string | null;
  after: string;
}

export function causeText({ kind, id, name, events, quantity }: AdjustmentCause): CauseText {
  const count = plural(Math.abs(events), 'event');
  const units = `${count}, ${formatDecimal(quantity)}`;
  switch (kind) {
    case 'late':
      return { before: 'Came late with ', name: name ?? `import ${id}`, href: `/imports/${id}`, after: `: ${units}` };
    case 'undone':
      return { before: 'Import undone: ', name: name ?? `import ${id}`, href: `/imports/${id}`, after: `: ${units}` };
    case 'replaced':
      return {
        before: 'Decided: ',
        name: `conflict ${id}`,
        href: '/imports/conflicts?status=resolved',
        after: `, ${formatDecimal(quantity)}`,
      };
    case 'void':
      return { before: 'Billed by invoice ', name: name ?? id, href: `/invoices/${id}`, after: ', which is void' };
    case 'credit_note':
      return { before: 'Taken back by credit note ', name: name ?? id, href: `/credit-notes/${id}`, after: '' };
  }
}

const KINDS: Readonly<Record<InvoiceAdjustment['kind'], string>> = {
  usage: 'usage',
  fee: 'fixed fee',
  discount: 'discount',
  minimum: 'minimum',
  tax: 'tax',
};

/** "context_tokens", "Tax": what of the earlier period is due. */
export function adjustmentName({ kind, meter }: Pick<InvoiceAdjustment, 'kind' | 'meter'>): string {
  if (kind === 'usage' && meter !== null) return meter;
  const word = KINDS[kind];
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}${meter === null || kind === 'tax' ? '' : ` of ${meter}`}`;
}

/** What has become of a row, as a sentence; empty for one that stands as it was billed. */
export function sinceText(since: TracedRecord['since'], zone: string): string {
  if (since === null) return '';
  const by = since.by === null ? '' : ` by ${since.by}`;
  const at = since.at === null ? '' : ` on ${formatMoment(Date.parse(since.at), zone)}`;
  switch (since.kind) {
    case 'undone':
      return `Since then this row was taken back with its import${by}${at}.`;
    case 'replaced':
      return `Since then another version was decided for${by}${at}, and stands in place of this row.`;
    case 'passed_on': {
      const { report } = since;
      const other =
        report === null ? 'Another file' : `${report.fileName ?? `Import ${report.importId}`}, line ${formatCount(report.line)}`;
      return `Its import was undone${by}${at}. ${other} reports the same event, so it is still billed.`;
    }
  }
}

/** In a list: one word. */
export const SINCE_WORDS: Readonly<Record<NonNullable<TracedRecord['since']>['kind'], string>> = {
  undone: 'undone since',
  replaced: 'replaced since',
  passed_on: 'from another file now',
};
