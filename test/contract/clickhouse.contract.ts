/** What every driver of the ClickHouse port does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAGE_ROWS_MAX, PageTooLargeError } from '../../platform/clickhouse/clickhouse.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import { createUsageFixture } from './clickhouse-fixture.ts';
import { insertContract } from './clickhouse-inserts.contract.ts';
import { migrationContract } from './clickhouse-migrations.contract.ts';

export interface ClickHouseUnderTest {
  /** Migrated to the project's schema. After `reopen`, the new one. */
  readonly clickhouse: ClickHouse;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export function clickhouseContract(name: string, open: () => Promise<ClickHouseUnderTest>): void {
  describe(`ClickHouse: ${name}`, () => {
    let store: ClickHouseUnderTest;
    const fixture = createUsageFixture(() => store.clickhouse);
    const { customer, insert, one } = fixture;

    beforeAll(async () => {
      store = await open();
    }, 60_000);
    afterAll(() => store.close());

    insertContract(fixture);

    describe('what is read', () => {
      it('has decimals exact, as strings', async () => {
        const id = customer();
        const quantities = [
          '99999999999999999999.999999999999999999',
          '-0.000000000000000001',
          '0.1',
          '-99999999999999999999.999999999999999999',
        ];
        await insert(
          quantities.map((quantity, offset) => ({ customer: id, quantity, offset })),
          'decimals',
        );
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
        await insert(
          [1, 2, 3].map((offset) => ({ customer: id, quantity: largest, offset })),
          'wide',
        );
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
        await insert(
          [1, 2, 3].map((offset) => ({ customer: id, quantity: String(10 ** offset), offset })),
          'deleted',
        );
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
        await expect(store.clickhouse.query({ name: 'misspelt', sql: 'SELECT nothing FROM nowhere' })).rejects.toThrow(
          /query misspelt failed/,
        );
      });
    });

    describe('parameters', () => {
      it.each(["it's", '"', 'tab\there', 'line\nfeed', 'back\\slash', '\\N', '{id:String}', '', ' ', 'ünï✓😀', "'; DROP TABLE t; --"])(
        'pass %j on as it is, alone and in an array',
        async (text) => {
          expect(await one('SELECT {text:String} AS text', { text })).toEqual({ text });
          const sql = 'SELECT {texts:Array(String)} AS texts, {n:UInt64} AS n, {ns:Array(UInt16)} AS ns';
          const [row] = await store.clickhouse.query({
            name: 'arrays',
            sql,
            params: { texts: [text, 'b'], n: '18446744073709551615', ns: [1, 2] },
          });
          expect(row).toEqual({ texts: [text, 'b'], n: '18446744073709551615', ns: [1, 2] });
        },
      );

      it('are kept apart between queries at the same time', async () => {
        const sql = 'SELECT {n:UInt32} AS n, sleepEachRow(0.001) AS s';
        const answers = await Promise.all(
          Array.from(
            { length: 40 },
            async (_, n) => (await store.clickhouse.query<{ n: number }>({ name: 'apart', sql, params: { n } }))[0]?.n,
          ),
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
      expect(await one('SELECT quantity, events FROM tallyline.usage_slots WHERE customer = {id:String}', { id })).toEqual({
        quantity: '1.5',
        events: '1',
      });
    });
  });
}
