/** Both stores make the same digest of the same cells, whatever stands in them, and another one of others. */
import { describe, expect, it } from 'vitest';
import { digestOfClickHouse, digestOfPostgres } from '../../platform/usage-digest.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { seededRandom, testSeed } from '../support/random.ts';
import { usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;

usePipeline({ partitions: 1 }, async (opened) => {
  pipeline = opened;
  await pipeline.platform.clickhouse.command('TRUNCATE TABLE tallyline.usage_events');
});

const QUANTITIES = [
  '0',
  '-0.5',
  '1',
  '100',
  '0.1',
  '1.10',
  '99999999999999999999',
  '-99999999999999999999',
  '0.000000000000000001',
  '-2.25',
];
const NAMES = ['acme', 'a', '1:a', 'ü', '\u{1f600}', 'a\tb', "it's", 'a\\b', '\uffee', '12:', 'x'.repeat(250)];
const TIMES = ['1969-12-31T23:30:00.000000Z', '1970-01-01T00:00:00.000000Z', '2026-10-01T05:59:59.999999Z', '2026-10-01T06:00:00.000000Z'];

async function digests(from: number, to: number): Promise<[string, string]> {
  const { postgres, clickhouse, log } = pipeline.platform;
  const below = { epoch: pipeline.epoch, nextOffsets: await log.endOffsets() };
  const rectangle = { customers: NAMES.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))), from, to };
  return [await digestOfPostgres(postgres, below, rectangle), await digestOfClickHouse(clickhouse, below, rectangle)];
}

const ALL = [Date.UTC(1960, 0), Date.UTC(2030, 0)] as const;

describe('the digest of a rectangle', () => {
  it('is that of nothing, in both stores', async () => {
    const [kept, counted] = await digests(...ALL);
    expect([kept, counted]).toEqual(['0 cells: 0 0', '0 cells: 0 0']);
  });

  const seed = testSeed();
  it(`is the same in both stores, and another one for other cells (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const one = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T;
    const events = Array.from({ length: 400 }, (_, n) =>
      usageEvent({
        id: String(n),
        line: n + 2,
        customer: one(NAMES),
        meter: one(NAMES),
        time: one(TIMES),
        quantity: canonical(one(QUANTITIES)),
      }),
    );
    await pipeline.publish(events);
    await pipeline.drain();
    const [kept, counted] = await digests(...ALL);
    expect(kept).toMatch(/^[1-9]\d* cells: [1-9]\d+ [1-9]\d+$/);
    expect(counted).toBe(kept);
    const [part, partCounted] = await digests(0, Date.UTC(2026, 9, 1, 6));
    expect(partCounted).toBe(part);
    expect(part).not.toBe(kept);
    await pipeline.query(`UPDATE usage_records SET quantity = quantity + 0.000000000000000001 WHERE id = '7'`);
    expect((await digests(...ALL))[0]).not.toBe(kept);
  });
});

/** Events hold no padding zeros. */
function canonical(quantity: string): string {
  return quantity.includes('.') ? quantity.replace(/0+$/, '') : quantity;
}
