/** What stands against a file, in words for whoever mends it in the form: the server's messages name members of the API's mapping. */
import type { Inspection } from '../types.ts';

type Problem = Pick<Inspection['problems'][number], 'code' | 'message'>;

/** Instead of the end of a message; what it quotes of the file stays. */
const REMEDIES: Record<string, string> = {
  missing_time_zone: 'the time carries no zone; choose the zone of the times',
  invalid_number: 'not a plain number; if it is written in another style, choose how numbers are written',
};

const OPEN_PARTS: Record<string, string> = {
  timeZone: 'The times carry no zone. Choose the zone of the times.',
};

const PART_NAMES: Record<string, string> = {
  id: 'Id',
  identity: 'Identity',
  customer: 'Customer',
  time: 'Time',
  measures: 'Measure',
  timeFormat: 'Times',
  decimal: 'Numbers',
  thousands: 'Numbers',
  grouping: 'Numbers',
  only: 'Lines that count',
  customerVisible: 'Shown to the customer',
  properties: 'Properties',
};

/** The member of the mapping that an incomplete one lacks, as `measures`; undefined for problems of rows. */
export function partOf({ code, message }: Problem): string | undefined {
  return code === 'mapping_incomplete' ? /^[A-Za-z]+/.exec(message)?.[0] : undefined;
}

/** A fault of the rows once the mapping is whole; before that, what the mapping lacks. */
export function asksForZone(problem: Problem): boolean {
  return problem.code === 'missing_time_zone' || partOf(problem) === 'timeZone';
}

export function inWords(problem: Problem): string {
  const { code, message } = problem;
  const part = partOf(problem);
  if (part !== undefined) return OPEN_PARTS[part] ?? message.replace(/^[\w/]+: /, `${PART_NAMES[part] ?? part}: `);
  const remedy = REMEDIES[code];
  if (remedy === undefined) return message;
  return `${/^.*"(?=: )/s.exec(message)?.[0] ?? ''}: ${remedy}`.replace(/^: /, '');
}

/** Of a row, whose problem is written `code: message`. */
export function rowInWords(problem: string): string {
  const at = problem.indexOf(': ');
  return inWords({ code: problem.slice(0, at), message: problem.slice(at + 2) });
}
