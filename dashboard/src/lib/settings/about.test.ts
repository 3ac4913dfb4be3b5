import { expect, it } from 'vitest';
import { factsOf } from './about.ts';

const about = {
  version: '0.1.0',
  mode: 'embedded',
  roles: ['ingest', 'api', 'later'],
  dataDirectory: '/var/lib/tallyline',
  startedAt: '2026-11-19T09:30:00.000Z',
} as const;
const now = Date.parse('2026-11-20T00:00:00Z');

it('says what runs here, and where its data is', () => {
  expect(factsOf({ ...about, roles: [...about.roles] }, now)).toEqual([
    { term: 'Version', text: '0.1.0' },
    { term: 'Mode', text: 'embedded: one process with its own stores' },
    { term: 'Roles', text: 'ingest (takes files in), api (answers), later' },
    { term: 'Data directory', text: '/var/lib/tallyline', isPath: true },
    { term: 'Running since', text: '19 Nov 09:30 UTC' },
  ]);
});

it('speaks of one process where there may be many', () => {
  const facts = factsOf({ ...about, mode: 'distributed', roles: ['api'] }, now);
  expect(facts.map(({ term }) => term)).toEqual([
    'Version',
    'Mode',
    'Roles of the process that answers',
    'Directory of files',
    'Running since',
  ]);
});
