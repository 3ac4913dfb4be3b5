import { describe, expect, it } from 'vitest';
import type { Mapping } from '../../schemas/http/imports.ts';
import { CALLS, identitiesOf, processText } from '../../test/support/process-text.ts';

describe('identity', () => {
  const line = 'acme,2026-10-01T05:00:00Z,1\n';
  const equal = (count: number) => `customer,time,n\n${line.repeat(count)}`;

  it('counts 10 equal rows as 10 events, and 12 as 2 more', async () => {
    const ten = identitiesOf(await processText(equal(10), CALLS));
    const twelve = identitiesOf(await processText(equal(12), CALLS));
    expect(new Set(ten).size).toBe(10);
    expect(new Set(twelve).size).toBe(12);
    expect(twelve.slice(0, 10)).toEqual(ten);
  });

  it('keeps the ids of rows that a corrected, reordered or longer file has in common', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => `c${i % 7},2026-10-01T0${i % 9}:00:00Z,${i % 11}`);
    const broken = rows.map((row, i) => (i % 20 === 3 ? row.replace('2026-10-01', '01/10/2026') : row));
    const before = await processText(`customer,time,n\n${broken.join('\n')}`, CALLS);
    expect(before.rejects.map(({ line: at, code, column }) => [at, code, column])).toEqual(
      [5, 25, 45].map((at) => [at, 'ambiguous_time', 'time']),
    );
    const reordered = rows.map((row) => row.split(',').reverse().join(';'));
    const after = await processText(`n;time;customer\r\n${reordered.join('\r\n')}\r\nx;y`, CALLS);
    const known = new Set(identitiesOf(before));
    expect(identitiesOf(after).filter((id) => !known.has(id))).toHaveLength(3);
    expect(known.size).toBe(47);
  });

  it.each([2000, 30_000])('is the same however little memory there is to count %i rows in', async (count) => {
    // 2,000 rows are one block, so counting ahead begins with the header; with 30,000 it begins further down.
    const rows = Array.from(
      { length: count },
      (_, i) => `acme,2026-10-01T05:00:00Z,${i % 100 === 99 ? '"stray"x' : i < 8000 ? i % 700 : (i * i) % 5003}`,
    );
    const content = `customer,time,n\n${rows.join('\n')}\n`;
    const roomy = await processText(content, CALLS);
    expect(new Set(identitiesOf(roomy)).size).toBe(count * 0.99);
    const tight = await processText(content, CALLS, { occurrencesBytesMax: count === 2000 ? 4096 : 200_000 });
    expect(identitiesOf(tight).join('\n') === identitiesOf(roomy).join('\n')).toBe(true);
  });

  it('by id columns is their cells, whatever the time; by file it is the row', async () => {
    const content =
      'customer,time,n,id,part\nacme,2026-10-01T05:00:00Z,1,a,1\nacme,2026-10-01T05:00:00Z,1,,1\nacme,2026-10-01T06:00:00Z,1,a,1\n';
    const measures: Mapping['measures'] = [{ meter: { column: 'part' }, quantity: 'n' }];
    const given = await processText(content, { ...CALLS, id: 'id', measures });
    expect(given.events.map(({ id }) => id)).toEqual(['a', 'a']);
    expect(given.rejects).toMatchObject([{ code: 'missing_id', column: 'id', line: 3 }]);
    expect((await processText(content, { ...CALLS, id: ['id', 'part'] })).events.map(({ id }) => id)).toEqual(['a|1:calls', 'a|1:calls']);
    const byFile = (await processText(content, { ...CALLS, identity: 'file' })).events.map(({ id }) => id);
    expect(byFile.map((id) => id.replace(/^[\w-]{22}/, ''))).toEqual([':1:calls', ':2:calls', ':3:calls']);
  });

  it('keeps measures of one row apart, also where their meters come from columns', async () => {
    const content = 'customer,time,m1,q1,m2,q2\nacme,2026-10-01T05:00:00Z,in,1,out,2\nacme,2026-10-01T06:00:00Z,in,1,in,2\n';
    const measures: Mapping['measures'] = [
      { meter: { column: 'm1' }, quantity: 'q1' },
      { meter: { column: 'm2' }, quantity: 'q2' },
    ];
    const result = await processText(content, { customer: 'customer', time: 'time', measures });
    expect(new Set(identitiesOf(result)).size).toBe(2);
    expect(result.rejects).toMatchObject([{ code: 'duplicate_meter', line: 3 }]);
  });
});
