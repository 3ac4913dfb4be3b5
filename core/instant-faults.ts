/** What can be wrong with a time. Most faults are shared objects: compare by `code`. */

export type InstantFaultCode =
  | 'missing_time'
  | 'missing_time_zone'
  | 'invalid_time'
  | 'ambiguous_time'
  | 'nonexistent_local_time'
  | 'time_in_future'
  | 'time_out_of_range';
export interface InstantFault {
  code: InstantFaultCode;
  message: string;
}

export const MISSING: InstantFault = { code: 'missing_time', message: 'the time is empty' };
export const NO_ZONE: InstantFault = { code: 'missing_time_zone', message: 'the time carries no offset; declare `timeZone`' };
export const INVALID: InstantFault = { code: 'invalid_time', message: 'not a time such as 2026-10-01T05:00:00Z or 2026-10-01 05:00:00' };
export const NO_SUCH_DATE: InstantFault = { code: 'invalid_time', message: 'the calendar has no such date' };
export const HOUR_24: InstantFault = { code: 'invalid_time', message: 'a day ends at 23:59:59; write 24:00 as 00:00 of the next day' };
export const SECOND_60: InstantFault = {
  code: 'invalid_time',
  message: 'leap seconds are not kept; write second 60 as 59, or as 00 of the next minute',
};
export const REPEATED_TEXT = 'the local clock shows this time twice that day; add the offset';
export const SKIPPED: InstantFault = { code: 'nonexistent_local_time', message: 'the local clock skips this time that day' };
export const IN_FUTURE: InstantFault = { code: 'time_in_future', message: 'more than 24 hours ahead of the present' };
export const TOO_EARLY: InstantFault = { code: 'time_out_of_range', message: 'before the year 2000' };
