/** The settings as fields of a form, and back. What is left empty is left out, which is its default. */
import type { Settings, SettingsInput } from '../types.ts';

const SELLER_LINES = ['name', 'taxId', 'email', 'phone', 'website', 'paymentTerms'] as const;
const SELLER_BLOCKS = ['address', 'bankDetails'] as const;

export interface SettingsForm {
  name: string;
  taxId: string;
  email: string;
  phone: string;
  website: string;
  paymentTerms: string;
  /** Line by line. */
  address: string;
  bankDetails: string;
  invoiceNumber: string;
  creditNoteNumber: string;
  /** '': none. */
  plan: string;
  currency: string;
  timeZone: string;
  rounding: Settings['billing']['rounding'];
}

export function formOf({ seller, numbering, defaults, billing }: Settings): SettingsForm {
  const line = (key: (typeof SELLER_LINES)[number]) => seller[key] ?? '';
  const block = (key: (typeof SELLER_BLOCKS)[number]) => (seller[key] ?? []).join('\n');
  return {
    name: line('name'),
    taxId: line('taxId'),
    email: line('email'),
    phone: line('phone'),
    website: line('website'),
    paymentTerms: line('paymentTerms'),
    address: block('address'),
    bankDetails: block('bankDetails'),
    invoiceNumber: numbering.invoice,
    creditNoteNumber: numbering.creditNote,
    plan: defaults.plan ?? '',
    currency: defaults.currency,
    timeZone: defaults.timeZone,
    rounding: billing.rounding,
  };
}

export function inputOf(form: SettingsForm): SettingsInput {
  const seller: NonNullable<SettingsInput['seller']> = {};
  for (const key of SELLER_LINES) {
    const text = form[key].trim();
    if (text !== '') seller[key] = text;
  }
  for (const key of SELLER_BLOCKS) {
    const lines = form[key]
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '');
    if (lines.length > 0) seller[key] = lines;
  }
  return {
    seller,
    numbering: { invoice: form.invoiceNumber.trim(), creditNote: form.creditNoteNumber.trim() },
    defaults: { plan: form.plan === '' ? null : form.plan, currency: form.currency.trim().toUpperCase(), timeZone: form.timeZone },
    billing: { rounding: form.rounding },
  };
}

/** What a document would be numbered: the pattern with year and month of `date` (`2026-10-31`) and a first number. The server has the rules. */
export function numberExample(pattern: string, date: string, number = 1): string {
  return pattern
    .trim()
    .replaceAll('{year}', date.slice(0, 4))
    .replaceAll('{month}', date.slice(5, 7))
    .replaceAll(/\{number(?::(\d{1,2}))?\}/g, (_, digits: string | undefined) => String(number).padStart(Number(digits ?? '1'), '0'));
}

/** How often the numbers of a pattern begin again. */
export function numberCycle(pattern: string): string {
  if (pattern.includes('{month}')) return 'Each month counts from 1.';
  return pattern.includes('{year}') ? 'Each year counts from 1.' : 'The count goes on for ever.';
}
