import type { About } from '../../schemas/http/operations.ts';

/** For servers that a test puts together itself. */
export const ABOUT: About = {
  version: '0.0.0',
  mode: 'embedded',
  roles: ['api'],
  dataDirectory: '/data',
  startedAt: '2026-01-01T00:00:00.000Z',
};
