/** What runs here, in words. */
import { formatMoment } from '../time.ts';
import type { About } from '../types.ts';

export interface Fact {
  term: string;
  text: string;
  isPath?: true;
}

const MODES: Readonly<Record<About['mode'], string>> = {
  embedded: 'embedded: one process with its own stores',
  distributed: 'distributed: Kafka, Postgres and ClickHouse are servers of their own',
};

const ROLES: Readonly<Record<string, string>> = {
  ingest: 'takes files in',
  consumers: 'stores and adds up',
  api: 'answers',
  dashboard: 'shows these pages',
};

export function factsOf({ version, mode, roles, dataDirectory, startedAt }: About, now: number): Fact[] {
  const done = roles.map((role) => (ROLES[role] === undefined ? role : `${role} (${ROLES[role]})`));
  return [
    { term: 'Version', text: version },
    { term: 'Mode', text: MODES[mode] },
    { term: mode === 'embedded' ? 'Roles' : 'Roles of the process that answers', text: done.join(', ') },
    { term: mode === 'embedded' ? 'Data directory' : 'Directory of files', text: dataDirectory, isPath: true },
    { term: 'Running since', text: `${formatMoment(Date.parse(startedAt), 'UTC', now)} UTC` },
  ];
}
