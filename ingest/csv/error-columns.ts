/** Columns that rejected.csv adds. They are never usage: ignored in a mapping, in properties and in a row's identity. */
export const ERROR_COLUMNS = ['error_line', 'error_column', 'error_code', 'error_message'] as const;

export function isErrorColumn(name: string): boolean {
  return (ERROR_COLUMNS as readonly string[]).includes(name);
}

/** Whether a header is that of a rejected.csv. */
export function namesErrorColumns(names: readonly string[]): boolean {
  const at = names.indexOf(ERROR_COLUMNS[0]);
  return at !== -1 && ERROR_COLUMNS.every((name, index) => names[at + index] === name);
}
