/** A document's number may have any characters; a file's name has those that every system takes. */
export function fileNameOf(number: string): string {
  return number.replace(/[^A-Za-z0-9._-]+/g, '-');
}
