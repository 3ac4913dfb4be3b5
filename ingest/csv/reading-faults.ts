/** What a row or a file can be refused for before anything is known of its meaning. */
import type { ReadingLimits } from '../../schemas/http/imports.ts';
import type { FileFault, RowFault } from './faults.ts';

export function widthFault(count: number, width: number): RowFault {
  const message = `the row has ${count} ${count === 1 ? 'cell' : 'cells'}, the header has ${width}`;
  return { code: count < width ? 'too_few_cells' : 'too_many_cells', column: null, message };
}

/** `count`: cells, that behind the last delimiter included. */
export function untrailedFault(count: number, width: number): RowFault {
  return {
    code: count > width ? 'too_many_cells' : 'too_few_cells',
    column: null,
    message: 'the row does not end in a delimiter, as the lines of this file do; say trailingDelimiter=false if they need not',
  };
}

export function unclosedFault(line: number): RowFault {
  return {
    code: 'unclosed_quote',
    column: null,
    message: `the quote opened on line ${line} is not closed on it, and the next lines are rows of their own; close it, or double it if it is text`,
  };
}

export function swallowedFault(line: number, lastLine: number): RowFault {
  return {
    code: 'unclosed_quote',
    column: null,
    message:
      `the quote opened on line ${line} makes one cell of lines that are rows of their own; close it on its line, ` +
      `or double it and its counterpart further down, up to line ${lastLine}, if both are text`,
  };
}

export function unclosedFileFault(line: number): FileFault {
  return {
    code: 'unclosed_quote',
    message:
      `the quote opened on line ${line} is not closed as a quoted cell is, and where its row ends is not certain; ` +
      'close it, double it if it is text, or say quote=none if quotes are characters like any other in this file',
  };
}

export function strayFault(): RowFault {
  return {
    code: 'stray_quote',
    column: null,
    message: 'a quote stands inside a cell; put the whole cell in quotes and double the quotes within it',
  };
}

export function recordTooLargeFault({ recordBytesMax }: ReadingLimits): RowFault {
  return {
    code: 'record_too_large',
    column: null,
    message: `the row is larger than ${recordBytesMax} bytes; is a quote left open? TALLYLINE_RECORD_BYTES_MAX says how large a row may be`,
  };
}

export function cellTooLargeFault(cell: { index: number; bytes: number }, { cellBytesMax }: ReadingLimits): RowFault {
  return {
    code: 'cell_too_large',
    column: null,
    message: `cell ${cell.index + 1} has ${cell.bytes} bytes, at most ${cellBytesMax} are read; TALLYLINE_CELL_BYTES_MAX says how many`,
  };
}

export const NUL_FAULT: RowFault = { code: 'nul_byte', column: null, message: 'the row holds a NUL byte' };
export const ENCODING_FAULT: RowFault = {
  code: 'invalid_encoding',
  column: null,
  message: 'the row holds bytes that are no text in its encoding',
};
