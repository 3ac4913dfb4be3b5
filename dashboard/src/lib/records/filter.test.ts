import { describe, expect, it } from 'vitest';
import { curlOf, isFiltered, readRecordsView } from './filter.ts';

describe('filters of the records', () => {
  it('come from the URL; times that are none are left out', () => {
    const view = readRecordsView(
      new URLSearchParams('customer=acme-ai&from=yesterday&to=2026-11-01T00:00:00Z&zone=Asia/Kathmandu&record=k1'),
    );
    expect(view).toEqual({
      filter: { customer: 'acme-ai', meter: null, from: null, to: '2026-11-01T00:00:00Z', import: null, status: null },
      zone: 'Asia/Kathmandu',
      record: 'k1',
    });
    expect(isFiltered(view.filter)).toBe(true);
    expect(isFiltered(readRecordsView(new URLSearchParams('zone=UTC')).filter)).toBe(false);
  });

  it('can be asked again from a terminal', () => {
    expect(curlOf('http://localhost:4000/v1/records?limit=1')).toBe(
      `curl -H "Authorization: Bearer $TALLYLINE_KEY" 'http://localhost:4000/v1/records?limit=1'`,
    );
  });
});
