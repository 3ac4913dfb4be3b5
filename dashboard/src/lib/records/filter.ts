/** The filters of the Records page, as they stand in its URL. */
import { readZone } from '../usage/view.ts';

export interface RecordsFilter {
  customer: string | null;
  meter: string | null;
  from: string | null;
  to: string | null;
  import: string | null;
  status: string | null;
}

export interface RecordsView {
  filter: RecordsFilter;
  zone: string;
  /** Key of the record whose source is open. */
  record: string | null;
}

const NAMES = ['customer', 'meter', 'from', 'to', 'import', 'status'] as const;

export function readRecordsView(parameters: { get(name: string): string | null }): RecordsView {
  const filter: RecordsFilter = { customer: null, meter: null, from: null, to: null, import: null, status: null };
  for (const name of NAMES) filter[name] = parameters.get(name) || null;
  for (const name of ['from', 'to'] as const) if (Number.isNaN(Date.parse(filter[name] ?? ''))) filter[name] = null;
  return { filter, zone: readZone(parameters.get('zone')), record: parameters.get('record') };
}

export function isFiltered(filter: RecordsFilter): boolean {
  return NAMES.some((name) => filter[name] !== null);
}

/** The call that answers with what is shown, for a terminal. */
export function curlOf(url: string): string {
  return `curl -H "Authorization: Bearer $TALLYLINE_KEY" '${url}'`;
}
