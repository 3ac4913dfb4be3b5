/** What every driver of the ClickHouse port does. Each test has customers of its own, so that one store serves them all. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INSERT_ROWS_MAX, PAGE_ROWS_MAX, PageTooLargeError } from '../../platform/clickhouse/clickhouse.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import { migrationContract } from './clickhouse-migrations.contract.ts';

export interface ClickHouseUnderTest {
  /** Migrated to the project's schema. After `reopen`, the new one. */
  readonly clickhouse: ClickHouse;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

const COLUMNS = ['customer', 'meter', 'time', 'quantity', 'epoch', 'log_partition', 'log_offset', 'log_index'] as const;

interface Row {
  customer: string;
  meter?: string;
  time?: string;
  quantity?: string;
  offset?: number;
}

function tsv(rows: readonly Row[]): string {
  return rows
    .map(({ customer, meter = 'requests', time = '2026-03-04 05:06:07.123456', quantity = '1', offset = 0 }) => {
      return `${customer}\t${meter}\t${time}\t${quantity}\t1\t0\t${offset}\t0\n`;
    })
    .join('');
}

export function clickhouseContract(name: string, open: () => Promise<ClickHouseUnderTest>): void {
  describe(`ClickHouse: ${name}`, () => {
    let store: ClickHouseUnderTest;
    let serial = 0;
    const customer = () => `customer-${(serial += 1)}`;
    const insert = (rows: readonly Row[], token: string) =>
      store.clickhouse.insert({ table: 'tallyline.usage_events', columns: COLUMNS, tsv: tsv(rows), rows: rows.length, token });
    const one = async <T>(sql: string, params: Record<string, string>): Promise<T> => {
      const [row] = await store.clickhouse.query<T>({ name: 'contract', sql, params });
      if (row === undefined) throw new Error('the query has no row');
      return row;
    };
    const countOf = async (id: string) =>
      (await one<{ n: string }>('SELECT count() AS n FROM tallyline.usage_events WHERE customer = {id:String}', { id })).n;

    beforeAll(async () => {
      store = await open();
    }, 60_000);
    afterAll(() => store.close());

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
        await store.clickhouse.command('CREATE TABLE tallyline.texts (n UInt8, a String, b String) ENGINE = MergeTree ORDER BY n');
        const rows = [
          ['', ''],
          ['tab\there', 'line\nfeed'],
          ['back\\slash', '\\N'],
          ["it's; SELECT 1;", '"quoted" -- no comment'],
          ['ünï✓😀', '  '],
        ] as const;
        const escape = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n');
        await store.clickhouse.insert({
          table: 'tallyline.texts',
          columns: ['a', 'n', 'b'],
          tsv: rows.map(([a, b], n) => `${escape(a)}\t${n}\t${escape(b)}\n`).join(''),
          rows: rows.length,
          token: 'texts',
        });
        const read = await store.clickhouse.query<{ a: string; b: string }>({ name: 'texts', sql: 'SELECT a, b FROM tallyline.texts ORDER BY n' });
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
        ['200,000 rows', 200_000, 12],
        ['200,000 rows of the longest keys', 200_000, 240],
        [`${INSERT_ROWS_MAX} rows`, INSERT_ROWS_MAX, 12],
      ])('writes one insert of %s as one part', async (_, rows, keyLength) => {
        const id = customer().padEnd(keyLength, 'x');
        const month = 1 + (serial % 12);
        const time = `1990-${String(month).padStart(2, '0')}-01 00:00:00`;
        const body = Array.from({ length: rows }, (__, k) => `${id}\trequests\t${time}\t1\t1\t0\t${k}\t0\n`).join('');
        await store.clickhouse.insert({ table: 'tallyline.usage_events', columns: COLUMNS, tsv: body, rows, token: `part:${rows}:${keyLength}` });
        const parts = await store.clickhouse.query<{ rows: string }>({
          name: 'parts',
          sql: `SELECT rows FROM system.parts WHERE table = 'usage_events' AND partition = '1990${String(month).padStart(2, '0')}'`,
        });
        expect(parts).toEqual([{ rows: String(rows) }]);
      }, 120_000);

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
        await expect(store.clickhouse.insert({ ...sound, ...change })).rejects.toThrow(message);
      });
    });

    describe('what is read', () => {
      it('has decimals exact, as strings', async () => {
        const id = customer();
        const quantities = ['99999999999999999999.999999999999999999', '-0.000000000000000001', '0.1', '-99999999999999999999.999999999999999999'];
        await insert(quantities.map((quantity, offset) => ({ customer: id, quantity, offset })), 'decimals');
        const rows = await store.clickhouse.query({
          name: 'decimals',
          sql: 'SELECT quantity, log_offset FROM tallyline.usage_events WHERE customer = {id:String} ORDER BY log_offset',
          params: { id },
        });
        expect(rows).toEqual(quantities.map((quantity, offset) => ({ quantity, log_offset: String(offset) })));
      });

      it('has sums beyond 38 digits exact, in slots and in hours', async () => {
        const id = customer();
        const largest = '99999999999999999999.999999999999999999';
        await insert([1, 2, 3].map((offset) => ({ customer: id, quantity: largest, offset })), 'wide');
        for (const view of ['usage_slots', 'usage_hourly']) {
          expect(await one(`SELECT quantity, events, quantity_max FROM tallyline.${view} WHERE customer = {id:String}`, { id })).toEqual({
            quantity: '299999999999999999999.999999999999999997',
            events: '3',
            quantity_max: largest,
          });
        }
      });

      it('has times to the microsecond, with a space or as ISO 8601', async () => {
        const id = customer();
        const times = ['1969-12-31 23:59:59.999999', '2026-03-04T05:06:07.123456Z'];
        await insert(times.map((time, offset) => ({ customer: id, time, offset })).slice(0, 1), 'times:1');
        await insert(times.map((time, offset) => ({ customer: id, time, offset })).slice(1), 'times:2');
        const rows = await store.clickhouse.query({
          name: 'times',
          sql: 'SELECT toString(time) AS time FROM tallyline.usage_events WHERE customer = {id:String} ORDER BY log_offset',
          params: { id },
        });
        expect(rows).toEqual([{ time: '1969-12-31 23:59:59.999999' }, { time: '2026-03-04 05:06:07.123456' }]);
      });

      it.each(['1900-01-01 00:14:59.999999', '1969-12-31 23:59:59.999999', '2026-03-04 05:29:59.999999', '2299-12-31 23:59:59.999999'])(
        'puts %s into the quarter of an hour in which it lies',
        async (time) => {
          const id = customer();
          await insert([{ customer: id, time }], `slot:${time.replace(' ', '-')}`);
          const minutes = String(Math.floor(Number(time.slice(14, 16)) / 15) * 15).padStart(2, '0');
          expect(await one('SELECT toString(slot) AS slot FROM tallyline.usage_slots WHERE customer = {id:String}', { id })).toEqual({
            slot: `${time.slice(0, 14)}${minutes}:00.000`,
          });
        },
      );

      it('has buckets that agree with the rows, and reads them from the projection', async () => {
        const id = customer();
        const rows = Array.from({ length: 2_000 }, (_, offset) => ({
          customer: id,
          meter: `m${offset % 2}`,
          time: `2026-04-01 0${offset % 5}:${String(offset % 60).padStart(2, '0')}:00.000000`,
          quantity: `${offset}.000000000000000001`,
          offset,
        }));
        await insert(rows.slice(0, 1_200), 'buckets:1');
        await insert(rows.slice(1_200), 'buckets:2');
        const select = `SELECT meter, toString(toStartOfInterval(slot, INTERVAL 1 HOUR, 'Asia/Kathmandu')) AS hour,
            sum(quantity) AS quantity, sum(events) AS events, max(quantity_max) AS quantity_max`;
        const where = "slot >= '2026-04-01 01:00:00' AND slot < '2026-04-01 04:00:00'";
        const fromSlots = `${select} FROM tallyline.usage_slots WHERE customer = {id:String} AND ${where} GROUP BY meter, hour ORDER BY meter, hour`;
        const fromRows = `${select} FROM (
            SELECT meter, toStartOfInterval(time, INTERVAL 900000 MILLISECOND) AS slot,
              toDecimal256(quantity, 18) AS quantity, toUInt64(1) AS events, usage_events.quantity AS quantity_max
            FROM tallyline.usage_events WHERE customer = {id:String}
          ) WHERE ${where} GROUP BY meter, hour ORDER BY meter, hour`;
        const buckets = await store.clickhouse.query({ name: 'from_slots', sql: fromSlots, params: { id } });
        expect(buckets).toEqual(await store.clickhouse.query({ name: 'from_rows', sql: fromRows, params: { id } }));
        expect(buckets).toHaveLength(8);
        const plan = await store.clickhouse.query<{ explain: string }>({ name: 'plan', sql: `EXPLAIN ${fromSlots}`, params: { id } });
        expect(plan.map(({ explain }) => explain.trim()).join('\n')).toContain('ReadFromMergeTree (slots)');
      });

      it('stays exact when rows are deleted', async () => {
        const id = customer();
        await insert([1, 2, 3].map((offset) => ({ customer: id, quantity: String(10 ** offset), offset })), 'deleted');
        await store.clickhouse.command(
          `ALTER TABLE tallyline.usage_events DELETE WHERE customer = '${id}' AND log_offset = 2 SETTINGS mutations_sync = 2`,
        );
        expect(await one('SELECT quantity, events FROM tallyline.usage_slots WHERE customer = {id:String}', { id })).toEqual({
          quantity: '1010',
          events: '2',
        });
      });

      it('is refused beyond one page, and whole up to it', async () => {
        const numbers = (rows: number) => ({ name: 'numbers', sql: `SELECT number FROM numbers(${rows}) -- a comment` });
        expect(await store.clickhouse.query(numbers(PAGE_ROWS_MAX))).toHaveLength(PAGE_ROWS_MAX);
        await expect(store.clickhouse.query(numbers(PAGE_ROWS_MAX + 1))).rejects.toThrow(PageTooLargeError);
      });

      it('names the query in its error', async () => {
        await expect(store.clickhouse.query({ name: 'misspelt', sql: 'SELECT nothing FROM nowhere' })).rejects.toThrow(/query misspelt failed/);
      });
    });

    describe('parameters', () => {
      it.each(["it's", '"', 'tab\there', 'line\nfeed', 'back\\slash', '\\N', '{id:String}', '', ' ', 'ünï✓😀', "'; DROP TABLE t; --"])(
        'pass %j on as it is, alone and in an array',
        async (text) => {
          expect(await one('SELECT {text:String} AS text', { text })).toEqual({ text });
          const sql = 'SELECT {texts:Array(String)} AS texts, {n:UInt64} AS n, {ns:Array(UInt16)} AS ns';
          const [row] = await store.clickhouse.query({ name: 'arrays', sql, params: { texts: [text, 'b'], n: '18446744073709551615', ns: [1, 2] } });
          expect(row).toEqual({ texts: [text, 'b'], n: '18446744073709551615', ns: [1, 2] });
        },
      );

      it('are kept apart between queries at the same time', async () => {
        const sql = 'SELECT {n:UInt32} AS n, sleepEachRow(0.001) AS s';
        const answers = await Promise.all(
          Array.from({ length: 40 }, async (_, n) => (await store.clickhouse.query<{ n: number }>({ name: 'apart', sql, params: { n } }))[0]?.n),
        );
        expect(answers).toEqual(Array.from({ length: 40 }, (_, n) => n));
      });
    });

    migrationContract(() => store.clickhouse);

    it('has everything after it was closed and opened again, tokens included', async () => {
      const id = customer();
      await insert([{ customer: id, quantity: '1.5' }], 'kept');
      await store.reopen();
      await insert([{ customer: id, quantity: '1.5' }], 'kept');
      expect(await one('SELECT quantity, events FROM tallyline.usage_slots WHERE customer = {id:String}', { id })).toEqual({ quantity: '1.5', events: '1' });
    });
  });
}
