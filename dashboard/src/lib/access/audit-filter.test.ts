import { expect, it } from 'vitest';
import { dayEdge, dayOf, readAuditFilter } from './audit-filter.ts';

it('reads what stands in the address, and leaves out what is no time', () => {
  const parameters = new URLSearchParams('who=ann%40example.com&from=2026-11-01T00:00:00Z&to=yesterday&subject=');
  expect(readAuditFilter(parameters)).toEqual({
    who: 'ann@example.com',
    what: null,
    subject: null,
    from: '2026-11-01T00:00:00Z',
    to: null,
  });
});

it('goes from the beginning of the first day to the end of the last one, and back', () => {
  expect([dayEdge('2026-10-31', 'first'), dayEdge('2026-10-31', 'last'), dayEdge('', 'first')]).toEqual([
    '2026-10-31T00:00:00.000Z',
    '2026-11-01T00:00:00.000Z',
    null,
  ]);
  expect([dayOf('2026-10-31T00:00:00.000Z', 'first'), dayOf('2026-11-01T00:00:00.000Z', 'last'), dayOf(null, 'last')]).toEqual([
    '2026-10-31',
    '2026-10-31',
    '',
  ]);
});
