/** What can be wrong with a row, and with a file. Faults are data: they are counted, shown and handed back, never thrown. */

export const ROW_FAULT_CODES = [
  // The text itself: the row has no cells to speak of.
  'too_few_cells',
  'too_many_cells',
  'unclosed_quote',
  'stray_quote',
  'record_too_large',
  'cell_too_large',
  'invalid_encoding',
  'nul_byte',
  'invalid_json',
  // Its meaning.
  'not_selected',
  'invalid_event',
  'missing_id',
  'id_too_long',
  'missing_customer',
  'customer_too_long',
  'missing_time',
  'missing_time_zone',
  'invalid_time',
  'ambiguous_time',
  'nonexistent_local_time',
  'time_in_future',
  'time_out_of_range',
  'missing_meter',
  'meter_too_long',
  'duplicate_meter',
  'missing_quantity',
  'invalid_number',
  'number_too_large',
  'too_many_fraction_digits',
  'event_too_large',
] as const;
export type RowFaultCode = (typeof ROW_FAULT_CODES)[number];

export interface RowFault {
  code: RowFaultCode;
  /** The column at fault; null where it is the row as a whole. */
  column: string | null;
  /** What, and how to mend it. */
  message: string;
}

export const FILE_FAULT_CODES = [
  'empty_file',
  'header_missing',
  'duplicate_header',
  'undetected_encoding',
  'undetected_delimiter',
  'undetected_quote',
  'undetected_escape',
  'undetected_newline',
  'undetected_header',
  'unsupported_encoding',
  'unsupported_dialect',
  'too_many_columns',
  'record_too_large',
  'unclosed_quote',
  'id_not_unique',
] as const;
export type FileFaultCode = (typeof FILE_FAULT_CODES)[number];

export interface FileFault {
  code: FileFaultCode;
  /** What, where and which option answers the question. */
  message: string;
}

/** A record that gave no events, with the bytes as they stood. */
export interface RejectedRow extends RowFault {
  /** Physical line on which it begins; for an unclosed quote, the line where that quote opened. */
  line: number;
  /** The record without its line ending. Only its beginning where `cut` says so. */
  raw: Uint8Array;
  /** The record is larger than a record may be; the rest is in the original file only. */
  cut: boolean;
  /** Cells at its end that are not there, and were read as empty. */
  padded: number;
}
