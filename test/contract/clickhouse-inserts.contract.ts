/** Part of the ClickHouse contract: an insert is all or nothing, and once. */
import { describe, expect, it } from 'vitest';
import { INSERT_ROWS_MAX } from '../../platform/clickhouse/clickhouse.ts';
import { COLUMNS, tsv } from './clickhouse-fixture.ts';
import type { UsageFixture } from './clickhouse-fixture.ts';

export function insertContract({ clickhouse, customer, insert, countOf }: UsageFixture): void {
  describe('insert', () => {
    it('inserts once under the same token, whatever stands between', async () => {
      const [id, other] = [customer(), customer()];
      await insert([{ customer: id, offset: 1 }], 'once:1');
      await insert([{ customer: other, offset: 2 }], 'once:2');
      await insert([{ customer: id, offset: 1 }], 'once:1');
      expect(await countOf(id)).toBe('1');
      expect(await countOf(other)).toBe('1');
    });

    it('inserts identical rows under two tokens twice', async () => {
      const id = customer();
      await insert([{ customer: id }], 'twice:1');
      await insert([{ customer: id }], 'twice:2');
      expect(await countOf(id)).toBe('2');
    });

    it('keeps identical rows of one insert', async () => {
      const id = customer();
      await insert([{ customer: id }, { customer: id }, { customer: id }], 'identical');
      expect(await countOf(id)).toBe('3');
    });

    it('keeps every row of inserts at the same time', async () => {
      const id = customer();
      await Promise.all(Array.from({ length: 20 }, (_, k) => insert([{ customer: id, offset: k }], `same-time:${k}`)));
      expect(await countOf(id)).toBe('20');
    });

    it('keeps text with tabs, newlines, backslashes, quotes and semicolons, and empty cells at either end', async () => {
      await clickhouse().command('CREATE TABLE tallyline.texts (n UInt8, a String, b String) ENGINE = MergeTree ORDER BY n');
      const rows = [
        ['', ''],
        ['tab\there', 'line\nfeed'],
        ['back\\slash', '\\N'],
        ["it's; SELECT 1;", '"quoted" -- no comment'],
        ['ünï✓😀', '  '],
      ] as const;
      const escape = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n');
      await clickhouse().insert({
        table: 'tallyline.texts',
        columns: ['a', 'n', 'b'],
        tsv: rows.map(([a, b], n) => `${escape(a)}\t${n}\t${escape(b)}\n`).join(''),
        rows: rows.length,
        token: 'texts',
      });
      const read = await clickhouse().query<{ a: string; b: string }>({
        name: 'texts',
        sql: 'SELECT a, b FROM tallyline.texts ORDER BY n',
      });
      expect(read.map(({ a, b }) => [a, b])).toEqual(rows);
    });

    it('leaves nothing of an insert with a row that cannot be read', async () => {
      const id = customer();
      await expect(insert([{ customer: id }, { customer: id, quantity: 'many' }], 'broken')).rejects.toThrow(/insert broken into/);
      expect(await countOf(id)).toBe('0');
      await insert([{ customer: id }], 'broken');
      expect(await countOf(id)).toBe('1');
    });

    it.each([
      // Months that no other test uses: whatever parts they have come from here.
      ['200,000 rows', 200_000, 12, 199001],
      ['200,000 rows of the longest keys', 200_000, 240, 199002],
      [`${INSERT_ROWS_MAX} rows`, INSERT_ROWS_MAX, 12, 199003],
    ])(
      'writes one insert of %s as one part',
      async (_, rows, keyLength, month) => {
        const id = customer().padEnd(keyLength, 'x');
        const time = `${String(month).slice(0, 4)}-${String(month).slice(4)}-01 00:00:00`;
        const body = Array.from({ length: rows }, (__, k) => `${id}\trequests\t${time}\t1\t1\t0\t${k}\t0\n`).join('');
        await clickhouse().insert({ table: 'tallyline.usage_events', columns: COLUMNS, tsv: body, rows, token: `part:${month}` });
        const parts = await clickhouse().query({
          name: 'parts',
          sql: "SELECT rows FROM system.parts WHERE table = 'usage_events' AND partition = {month:String}",
          params: { month: String(month) },
        });
        expect(parts).toEqual([{ rows: String(rows) }]);
      },
      120_000,
    );

    it.each([
      ['no token', { token: '' }, /token/],
      ['a token that would need escaping', { token: "a'b" }, /token/],
      ['a table that is none', { table: 't; DROP TABLE t' }, /no table/],
      ['columns that are none', { columns: ['a)'] }, /no columns/],
      ['more rows than one block has', { rows: INSERT_ROWS_MAX + 1 }, /more than one insert/],
      ['a last row without its newline', { tsv: 'a\tb' }, /newline/],
      ['rows of nothing', { tsv: '\t\n' }, /empty cells/],
    ])('refuses %s', async (_, change, message) => {
      const sound = { table: 'tallyline.usage_events', columns: COLUMNS, tsv: tsv([{ customer: 'refused' }]), rows: 1, token: 'refused' };
      await expect(clickhouse().insert({ ...sound, ...change })).rejects.toThrow(message);
    });
  });
}
