/** What rollups promises of an undo: whatever breaks in between, ClickHouse ends with what Postgres has. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import type { UsageEvent } from '../../schemas/usage-event.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { expectStoresAgree, liveRows, makeImports, recordsAlone, undo } from '../support/undo.ts';
import { usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;

usePipeline({ partitions: 1 }, async (opened) => {
  pipeline = opened;
  await makeImports(pipeline, ['1', '2', '3', '4']);
});

const of = (importId: string, line: number, change: Partial<UsageEvent> = {}) => usageEvent({ importId, line, ...change });

/** The real engine, with something done around each call to it. */
function around(wrap: <R>(kind: 'insert' | 'command' | 'query', what: string, run: () => Promise<R>) => Promise<R>): ClickHouse {
  const { clickhouse } = pipeline.platform;
  return {
    ...clickhouse,
    insert: (insert) => wrap('insert', insert.token, () => clickhouse.insert(insert)),
    command: (sql) => wrap('command', sql, () => clickhouse.command(sql)),
    query: <Row>(query: Parameters<ClickHouse['query']>[0]) =>
      wrap('query', `${query.name} ${query.sql}`, () => clickhouse.query<Row>(query)),
  };
}

describe('an undo that takes two rows out in two months and puts one in', () => {
  beforeEach(async () => {
    await pipeline.append([
      of('1', 2),
      of('2', 2, { quantity: '2' }),
      of('1', 3, { id: 'gone', time: '2026-09-01T00:00:00.000000Z' }),
      of('3', 3, { id: 'stays' }),
    ]);
    await pipeline.drain();
    await undo(pipeline, '1');
  });
  const expectUndone = async () => {
    expect(await liveRows(pipeline)).toMatchObject([{ import: 2, quantity: '2' }, { id: 'stays' }]);
    await expectStoresAgree(pipeline);
  };

  it.each(['insert', 'command', 'query'])('survives that the answer to each %s is lost once', async (lost) => {
    const seen = new Set<string>();
    await pipeline.drain({
      clickhouse: around(async (kind, what, run) => {
        const result = await run();
        if (kind !== lost || seen.has(what)) return result;
        seen.add(what);
        throw new Error('the answer is lost');
      }),
    });
    expect(seen.size).toBeGreaterThan(1);
    await expectUndone();
  });

  // Two chunks of insert, delete, look and drop; then look, insert and look again.
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])('survives that the process dies at its call %i to ClickHouse', async (deadly) => {
    const died = Promise.withResolvers<undefined>();
    let calls = 0;
    await pipeline.running(() => died.promise, {
      clickhouse: around(async (_kind, _what, run) => {
        calls += 1;
        if (calls < deadly) return run();
        // Every other time the engine has done its part.
        if (calls === deadly && deadly % 2 === 0) await run();
        died.resolve(undefined);
        throw new Error('dead');
      }),
    });
    expect(await pipeline.query(`SELECT FROM rollup_ranges WHERE state = 'PENDING'`)).toHaveLength(2);
    await pipeline.drain();
    await expectUndone();
  });

  it('is finished as it was announced, although records has gone on to undo what it puts in', async () => {
    const held = Promise.withResolvers<undefined>();
    await pipeline.running(() => held.promise, {
      clickhouse: around((kind, what, run) => {
        if (kind !== 'insert' || what.startsWith('voided')) return run();
        held.resolve(undefined);
        return Promise.reject(new Error('away'));
      }),
    });
    await undo(pipeline, '2');
    await recordsAlone(pipeline);
    await pipeline.drain();
    expect(await liveRows(pipeline)).toMatchObject([{ id: 'stays' }]);
    await expectStoresAgree(pipeline);
  });
});

describe('rollups far behind records', () => {
  it('inserts what it has not had, and then takes out what is voided', async () => {
    await pipeline.append([of('1', 2), of('2', 2, { quantity: '2' }), of('1', 3, { id: 'gone' }), of('3', 3, { id: 'stays' })]);
    await recordsAlone(pipeline);
    await undo(pipeline, '1');
    await pipeline.append([of('4', 1, { id: 'later' })]);
    await recordsAlone(pipeline);
    await undo(pipeline, '2');
    await recordsAlone(pipeline);
    expect(await liveRows(pipeline)).toMatchObject([{ id: 'later' }, { id: 'stays' }]);
    expect(await pipeline.usage()).toEqual([]);
    await pipeline.drain();
    expect(await pipeline.usage()).toHaveLength(2);
    await expectStoresAgree(pipeline);
  });
});
