/** Rebuilds of ClickHouse under test: asked for, run at once, and the engine with something done around its steps. */
import { expect } from 'vitest';
import { rebuild } from '../../consumers/rebuild.ts';
import type { ClickHouse, ClickHouseInsert } from '../../platform/clickhouse/clickhouse.ts';
import type { Platform } from '../../platform/platform.ts';
import type { TestPipeline } from './consumers.ts';
import { usageEvent } from './usage-event.ts';

/** First and last moments, largest and smallest quantities, a duplicate, and names that formats are touchy about: 12 accepted events. */
export const TOUCHY_EVENTS = [
  usageEvent({ id: '1', line: 2, time: '1900-01-01T00:00:00.000000Z', quantity: '-0.000000000000000001' }),
  usageEvent({ id: '2', line: 3, time: '2299-12-31T23:59:59.999999Z', quantity: '99999999999999999999.999999999999999999' }),
  usageEvent({ id: '1', line: 4, time: '1900-01-01T00:00:00.000000Z', quantity: '-0.000000000000000001' }),
  ...['a\tb', 'a\nb', 'a\\nb', '\r', '\\', '\\N', "'", '\u{1f600}', ' ', '{'].map((name, n) =>
    usageEvent({ id: `odd ${n}`, line: 5 + n, customer: name, meter: name, time: `2026-0${1 + (n % 3)}-01T00:00:00.000001Z` }),
  ),
];

export const isRebuild = ({ table }: ClickHouseInsert) => table.endsWith('_rebuild');
export const isRollup = ({ table }: ClickHouseInsert) => table === 'tallyline.usage_events';

export class RebuildUnderTest {
  readonly #pipeline: TestPipeline;

  constructor(pipeline: TestPipeline) {
    this.#pipeline = pipeline;
  }

  request() {
    return this.#pipeline.query(`INSERT INTO clickhouse_rebuilds (requested_by) VALUES ('test')`);
  }

  /** What the running consumers do when they are told. */
  run(change: Partial<Platform> = {}, signal = new AbortController().signal): Promise<boolean> {
    return rebuild({ ...this.#pipeline.platform, ...change }, this.#pipeline.epoch, signal);
  }

  async rebuildNow(): Promise<void> {
    await this.request();
    expect(await this.run()).toBe(true);
    expect((await this.states()).at(-1)).toBe('done');
  }

  async states(): Promise<string[]> {
    const rows = await this.#pipeline.query<{ state: string }>('SELECT state FROM clickhouse_rebuilds ORDER BY rebuild_id');
    return rows.map(({ state }) => state);
  }

  /** Takes about half of the rows out of ClickHouse. */
  spoil(): Promise<void> {
    return this.#pipeline.platform.clickhouse.command(
      `ALTER TABLE tallyline.usage_events DELETE WHERE log_offset % 2 = 0 SETTINGS mutations_sync = 2`,
    );
  }

  async expectSame(): Promise<void> {
    expect(await this.#pipeline.usage()).toEqual(await this.#pipeline.records());
  }

  /** The same by sums, for more rows than one answer holds. */
  async expectTotals(rows: number): Promise<void> {
    const [found] = await this.#pipeline.platform.clickhouse.query<{ rows: string; positions: string; quantity: string }>({
      name: 'test_totals',
      sql: `SELECT count() AS rows, uniqExact(epoch, log_partition, log_offset, log_index) AS positions, toString(sum(toDecimal256(quantity, 18))) AS quantity
            FROM tallyline.usage_events`,
    });
    const [kept] = await this.#pipeline.query(
      'SELECT count(*)::text AS rows, count(*)::text AS positions, trim_scale(sum(quantity))::text AS quantity FROM usage_records',
    );
    expect(found).toEqual(kept);
    expect(found?.rows).toBe(String(rows));
  }

  /** The real engine, with something done around the n-th insert (from 0) of those that count. */
  withInsert(counts: (insert: ClickHouseInsert) => boolean, around: (run: () => Promise<void>, n: number) => Promise<void>): ClickHouse {
    const { clickhouse } = this.#pipeline.platform;
    let inserts = 0;
    return {
      ...clickhouse,
      insert: (insert) => (counts(insert) ? around(() => clickhouse.insert(insert), inserts++) : clickhouse.insert(insert)),
    };
  }

  /** The real engine, with something done around a kind of command. */
  withCommand(beginning: string, around: (run: () => Promise<void>) => Promise<void>): ClickHouse {
    const { clickhouse } = this.#pipeline.platform;
    return {
      ...clickhouse,
      command: (sql) => (sql.startsWith(beginning) ? around(() => clickhouse.command(sql)) : clickhouse.command(sql)),
    };
  }
}
