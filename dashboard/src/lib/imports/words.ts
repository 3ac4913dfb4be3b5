/** Codes in the words of somebody who keeps books. A code that is not here is shown as it is. */
import type { IconName } from '../icons.ts';
import type { Import, ImportStatus } from '../types.ts';

const ERROR_TITLES: Record<string, string> = {
  too_few_cells: 'The line has too few cells',
  too_many_cells: 'The line has too many cells',
  unclosed_quote: 'A quote is never closed',
  stray_quote: 'A quote stands where none may',
  record_too_large: 'The line is too long',
  cell_too_large: 'A cell is too long',
  invalid_encoding: 'The text cannot be decoded',
  nul_byte: 'The line holds a NUL byte',
  missing_id: 'The id is empty',
  id_too_long: 'The id is too long',
  not_selected: 'The line is of a kind that is left out',
  missing_customer: 'The customer is empty',
  customer_too_long: 'The name of the customer is too long',
  missing_time: 'The time is empty',
  missing_time_zone: 'The time carries no zone',
  invalid_time: 'The time does not exist',
  ambiguous_time: 'The time can mean two moments',
  nonexistent_local_time: 'The clock skipped this time',
  time_in_future: 'The time lies in the future',
  time_out_of_range: 'The time is out of range',
  missing_meter: 'The meter is empty',
  meter_too_long: 'The name of the meter is too long',
  duplicate_meter: 'The meter stands twice in one line',
  missing_quantity: 'The quantity is empty',
  invalid_number: 'The quantity is not a number',
  number_too_large: 'The quantity is too large',
  too_many_fraction_digits: 'The quantity has too many digits after the point',
  event_too_large: 'The line makes too large an event',
};

export function errorTitle(code: string): string {
  return ERROR_TITLES[code] ?? code.replaceAll('_', ' ');
}

export const STATUS_WORDS: Record<ImportStatus, string> = {
  received: 'received',
  publishing: 'publishing',
  settling: 'settling',
  complete: 'complete',
  failed: 'failed',
  undoing: 'being undone',
  undone: 'undone',
};

export function isRunning({ status }: Pick<Import, 'status'>): boolean {
  return status === 'received' || status === 'publishing' || status === 'settling' || status === 'undoing';
}

export function statusIcon({ status }: Pick<Import, 'status'>): IconName {
  if (status === 'complete') return 'check';
  if (status === 'failed') return 'cross';
  return status === 'undone' ? 'undo' : 'more';
}

export const IDENTITY_WORDS: Record<NonNullable<Import['identity']>, string> = {
  'id-column': 'A line is the same line when its id is the same.',
  row: 'A line is the same line when all its cells are the same.',
  file: 'A line is the same line only within this very file.',
  key: 'A line is the same line under the same key.',
};

export const DELIMITER_NAMES: Record<string, string> = {
  ',': 'comma',
  ';': 'semicolon',
  '\t': 'tab',
  '|': 'bar',
  ':': 'colon',
  ' ': 'space',
  '~': 'tilde',
  '^': 'caret',
};
