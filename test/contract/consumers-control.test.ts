/** What a control message promises: handled once, in its place, whole or not at all; and when an undo is over. */
import { describe, expect, it } from 'vitest';
import { encodeControlMessage } from '../../schemas/control-message.ts';
import type { UsageEvent } from '../../schemas/usage-event.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { eventually } from '../support/eventually.ts';
import { expectStoresAgree, knownFromRows, liveRows, makeImports, rowsLeft, settledCounts, undo, voidedRows } from '../support/undo.ts';
import { usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;

const stores = usePipeline({ partitions: 1 }, async (opened) => {
  pipeline = opened;
  await makeImports(pipeline, ['1', '2', '3', '4']);
});

const of = (importId: string, line: number, change: Partial<UsageEvent> = {}) => usageEvent({ importId, line, ...change });
const live = () => liveRows(pipeline);
const voided = () => voidedRows(pipeline);
const leftOf = (table: string) => rowsLeft(pipeline, table);
const knownFrom = () => knownFromRows(pipeline);
const counts = (id: string) => settledCounts(pipeline, id);
const statusOf = async (id: string) =>
  (await pipeline.query<{ status: string }>('SELECT status FROM imports WHERE id = $1', [id]))[0]?.status;

const expectAgreement = () => expectStoresAgree(pipeline);

describe('a control message', () => {
  it('amid events takes back what lies before it alone; what comes after it of the undone import is voided on arrival', async () => {
    await pipeline.append([of('1', 2, { id: 'a' }), of('2', 2, { id: 'b' })]);
    await pipeline.drain();
    await pipeline.append([of('2', 3, { id: 'a' })]);
    await undo(pipeline, '1');
    await pipeline.append([of('1', 3, { id: 'c' }), of('3', 3, { id: 'a' }), of('1', 3, { id: 'c' })]);
    await pipeline.drain();
    expect(await live()).toMatchObject([
      { id: 'a', import: 2, offset: 0 },
      { id: 'b', import: 2 },
    ]);
    expect(await voided()).toMatchObject([
      { id: 'a', line: 2, offset: 2 },
      { id: 'c', line: 3, offset: 4 },
      { id: 'c', line: 3, offset: 6 },
    ]);
    expect(await leftOf('witnesses')).toMatchObject([{ import: 3 }]);
    expect(await knownFrom()).toEqual([{ import: 3, from: 2, events: 1 }]);
    expect(await counts('1')).toEqual([1, 0, 0]);
    expect(await pipeline.query('SELECT voided::int AS voided FROM import_partitions WHERE import_id = 1')).toEqual([{ voided: 2 }]);
    await expectAgreement();
  });

  it('that comes twice does nothing the second time', async () => {
    await pipeline.append([of('1', 2), of('2', 2, { quantity: '2' }), of('1', 4, { id: 'other' })]);
    await pipeline.drain();
    await undo(pipeline, '1');
    await pipeline.drain();
    const state = async () => [await live(), await voided(), await pipeline.usage(), await counts('1'), await counts('2')];
    const before = await state();
    await pipeline.append([encodeControlMessage({ kind: 'undo', importId: '1' })]);
    await pipeline.append([encodeControlMessage({ kind: 'undo', importId: '1' })]);
    await pipeline.drain();
    expect(await state()).toEqual(before);
    await expectAgreement();
  });

  it.each(['1', '999'])('for import %s, which nobody has undone, is left aside and said so', async (importId) => {
    await pipeline.append([of('1', 2)]);
    await pipeline.append([encodeControlMessage({ kind: 'undo', importId })]);
    await pipeline.drain();
    expect(await live()).toMatchObject([{ import: 1 }]);
    expect(pipeline.messages.filter(({ level }) => level === 50)).toHaveLength(1);
  });

  it.each(['{"v":1,"k":"undo","i":"01"}', '{"v":1,"k":"undo","i":1}', '{"v":1,"k":"else","i":"1"}', '{"v":1,"k":"undo","i":"1"} '])(
    'that is not well-formed (%s) is a dead letter',
    async (payload) => {
      await pipeline.append([payload, of('1', 2)]);
      await pipeline.drain();
      expect(await pipeline.query('SELECT code, payload FROM dead_letters')).toEqual([{ code: 'invalid_event', payload }]);
      await expectAgreement();
    },
  );

  it.each(['usage_records', 'voided_events', 'voids', 'revivals', 'witnesses', 'import_known_from', 'import_partitions'])(
    'whose transaction fails at %s changes nothing, and goes through when it is tried again',
    async (table) => {
      await pipeline.append([
        of('1', 2),
        of('2', 2, { quantity: '2' }),
        of('3', 2, { quantity: '2' }),
        of('1', 4, { id: 'x' }),
        of('3', 4, { id: 'x' }),
      ]);
      await pipeline.append([of('1', 5, { id: 'gone' })]);
      await pipeline.drain();
      const state = async () => [await live(), await voided(), await leftOf('conflicts'), await leftOf('witnesses'), await knownFrom()];
      const before = await state();
      await pipeline.query(`CREATE SEQUENCE tries; CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF nextval('tries') <= 1 THEN RAISE 'refused'; END IF; RETURN NULL; END $$;
        CREATE TRIGGER refuse AFTER INSERT OR UPDATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION refuse()`);
      await undo(pipeline, '1');
      await pipeline.running(async () => {
        await eventually('it is refused', async () =>
          pipeline.messages.some(({ msg }) => msg.startsWith('records: commit control failed')),
        );
        await pipeline.drained();
      });
      expect(await state()).not.toEqual(before);
      expect(await live()).toMatchObject([
        { id: 'event-1', import: 2 },
        { id: 'x', import: 3 },
      ]);
      await expectAgreement();
    },
  );
});

describe('an import', () => {
  it('is undone only when rollups has passed its message in every partition, and is still so afterwards', async () => {
    const own = await stores.open(2);
    await makeImports(own, ['1']);
    await own.append([of('1', 2)], 0);
    await own.append([of('1', 3, { id: 'b' })], 1);
    await own.drain();
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    const { clickhouse } = own.platform;
    await undo(own, '1');
    const status = async () => (await own.query<{ status: string }>('SELECT status FROM imports'))[0]?.status;
    await own.running(
      async () => {
        await eventually(
          'one partition is through',
          async () => (await own.offsets('rollups')).filter((offset) => offset === 2).length === 1,
        );
        expect(await status()).toBe('undoing');
        open(undefined);
        await eventually('the import is undone', async () => (await status()) === 'undone');
        expect(await own.offsets('rollups')).toEqual([2, 2]);
      },
      {
        clickhouse: {
          ...clickhouse,
          insert: (insert) => (insert.token.includes('-1-1-') ? gate : Promise.resolve()).then(() => clickhouse.insert(insert)),
        },
      },
    );
    expect(await own.usage()).toEqual([]);
    await own.close();
  });

  it('whose messages were lost with their log is told of again in the new one', async () => {
    await undo(pipeline, '1');
    const sent = async () => (await pipeline.platform.log.endOffsets())[0];
    expect(await sent()).toBe(1);
    await undo(pipeline);
    expect(await sent()).toBe(1);
    await pipeline.query(`UPDATE imports SET undo_sent_to = 'another incarnation' WHERE id = 1`);
    await undo(pipeline);
    expect(await sent()).toBe(2);
    await pipeline.running(() => eventually('it is undone', async () => (await statusOf('1')) === 'undone'));
  });

  it('that took events over has its rows counted anew, and its doubles', async () => {
    await pipeline.append([of('1', 2), of('1', 3, { id: 'b' }), of('2', 2), of('2', 3, { id: 'b', quantity: '7' })]);
    await pipeline.query(
      `UPDATE imports SET rows_read = 2, rows_known = 1, rows_conflict = 1, suspected_doubles = 5, identity = 'row' WHERE id = 2`,
    );
    await pipeline.drain();
    await undo(pipeline, '1');
    const found = async () =>
      (await pipeline.query('SELECT rows_new, rows_known, rows_conflict, suspected_doubles FROM imports WHERE id = 2'))[0];
    await pipeline.running(() =>
      eventually(
        'it is counted',
        async () => JSON.stringify(await found()) === '{"rows_new":"2","rows_known":"0","rows_conflict":"0","suspected_doubles":"0"}',
      ),
    );
  });
});
