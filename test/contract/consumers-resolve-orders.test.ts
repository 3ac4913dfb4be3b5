/** What the message of a decision promises: handled once, whole or not at all, in whatever order it meets an undo or a line once more. */
import { beforeEach, describe, expect, it } from 'vitest';
import { sendResolutions } from '../../ingest/resolutions.ts';
import { encodeControlMessage } from '../../schemas/control-message.ts';
import { conflictOf, decideOn, lookAt, report, resolve } from '../support/conflicts.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { eventually } from '../support/eventually.ts';
import { expectStoresAgree, makeImports, undo } from '../support/undo.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;
let look: ReturnType<typeof lookAt>;

usePipeline({ partitions: 1 }, async (opened) => {
  pipeline = opened;
  look = lookAt(pipeline);
  await makeImports(pipeline, ['1', '2', '3', '4']);
});

describe('a decision and an undo at the same time', () => {
  beforeEach(async () => {
    await pipeline.append([report('1', 2), report('2', 2, { quantity: '2' }), report('3', 2, { quantity: '3' })]);
    await pipeline.drain();
  });

  it('about a conflict whose import is being undone: the message does nothing, and the undo takes the conflict', async () => {
    const id = await decideOn(pipeline, '2', 2, 'this');
    await sendResolutions(pipeline.platform);
    await undo(pipeline, '2');
    // Its undo is decided before the message is handled, and in the log behind it.
    await pipeline.drain();
    expect([await look.live(), await look.conflicts(), await look.linesOf('voided_events')]).toMatchObject([
      [{ import: 1 }],
      [{ import: 3 }],
      [{ import: 2 }],
    ]);
    expect(await pipeline.query('SELECT FROM kept_versions WHERE conflict_id = $1', [id])).toEqual([]);
    await expectStoresAgree(pipeline);
  });

  it('for this, sent after the undo of the first: is carried out all the same', async () => {
    await undo(pipeline, '1');
    await resolve(pipeline, '3', 2, 'this');
    await pipeline.drain();
    expect([await look.live(), await look.conflicts()]).toMatchObject([[{ import: 3 }], [{ import: 2, status: 'open' }]]);
    await expectStoresAgree(pipeline);
  });

  it('against this, decided before the undo of the first but sent after it: the undo does not bring it up', async () => {
    const id = await decideOn(pipeline, '3', 2, 'first');
    await undo(pipeline, '1');
    await pipeline.append([encodeControlMessage({ kind: 'keep', conflictId: id })]);
    await pipeline.drain();
    expect([await look.live(), await look.conflicts()]).toMatchObject([
      [{ import: 2, quantity: '2' }],
      [{ import: 3, status: 'resolved' }],
    ]);
    await expectStoresAgree(pipeline);
  });

  it('for this, which the undo of the others brings up by itself: it is billed once, and the decision is kept', async () => {
    const id = await decideOn(pipeline, '3', 2, 'this');
    await undo(pipeline, '1', '2');
    await pipeline.append([encodeControlMessage({ kind: 'keep', conflictId: id })]);
    await pipeline.drain();
    expect([await look.live(), await look.conflicts(), await look.linesOf('kept_versions')]).toMatchObject([
      [{ import: 3 }],
      [],
      [{ import: 3 }],
    ]);
    await expectStoresAgree(pipeline);
  });
});

describe('the message of a decision', () => {
  beforeEach(async () => {
    await pipeline.append([report('1', 2), report('2', 2, { quantity: '2' }), report('3', 2), report('3', 4, { quantity: '2' })]);
    await pipeline.drain();
  });

  it('that comes twice, or for no conflict, or undecided, does nothing', async () => {
    const undecided = await conflictOf(pipeline, '3', 4);
    const id = await resolve(pipeline, '2', 2, 'this');
    await pipeline.drain();
    const before = await look.state();
    for (const conflictId of [id, id, undecided, '999999']) await pipeline.append([encodeControlMessage({ kind: 'keep', conflictId })]);
    await pipeline.drain();
    expect(await look.state()).toEqual(before);
    await expectStoresAgree(pipeline);
  });

  it('is sent until the log is known to have it, again to a new log, and not for another decision', async () => {
    const ends = async () => (await pipeline.platform.log.endOffsets())[0];
    const id = await resolve(pipeline, '2', 2, 'this');
    expect(await sendResolutions(pipeline.platform)).toBe(0);
    expect(await ends()).toBe(5);
    // A crash between the message and the note that it is sent.
    await pipeline.query('UPDATE conflicts SET sent_to = NULL');
    expect(await sendResolutions(pipeline.platform)).toBe(1);
    await pipeline.query(`UPDATE conflicts SET sent_to = 'another incarnation'`);
    expect(await sendResolutions(pipeline.platform)).toBe(1);
    expect(await ends()).toBe(7);
    await pipeline.drain();
    expect(await look.live()).toMatchObject([{ import: 2 }]);
    // While it was on its way, it was carried out, turned round and decided once more.
    const { log } = pipeline.platform;
    await resolve(pipeline, '1', 2, 'this');
    await pipeline.drain();
    expect(await conflictOf(pipeline, '2', 2)).toBe(id);
    await decideOn(pipeline, '2', 2, 'this');
    await sendResolutions({
      ...pipeline.platform,
      log: {
        ...log,
        incarnation: () => log.incarnation(),
        partitionFor: (customer) => log.partitionFor(customer),
        append: async (partition, texts) => {
          const appended = await log.append(partition, texts);
          await pipeline.query(`UPDATE conflicts SET resolved_at = resolved_at + interval '1 second' WHERE conflict_id = $1`, [id]);
          return appended;
        },
      },
    });
    expect(await pipeline.query('SELECT sent_to FROM conflicts WHERE conflict_id = $1', [id])).toEqual([{ sent_to: null }]);
  });

  it.each(['usage_records', 'conflicts', 'voids', 'revivals', 'witnesses', 'kept_versions', 'import_known_from', 'import_partitions'])(
    'whose transaction fails at %s changes nothing, and goes through when it is tried again',
    async (table) => {
      const id = await decideOn(pipeline, '2', 2, 'this');
      await pipeline.query(`CREATE SEQUENCE tries; CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF nextval('tries') <= 1 THEN RAISE 'refused'; END IF; RETURN NULL; END $$;
        CREATE TRIGGER refuse AFTER INSERT OR UPDATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION refuse()`);
      await pipeline.append([encodeControlMessage({ kind: 'keep', conflictId: id })]);
      await pipeline.running(async () => {
        await eventually('it is refused', async () =>
          pipeline.messages.some(({ msg }) => msg.startsWith('records: commit control failed')),
        );
        await pipeline.drained();
      });
      expect(await look.counts('1', '2', '3')).toEqual([
        [0, 0, 1],
        [1, 0, 0],
        [0, 1, 1],
      ]);
      expect(await look.live()).toMatchObject([{ import: 2 }]);
      expect(await look.linesOf('witnesses')).toEqual([{ import: 3, line: 4 }]);
      await expectStoresAgree(pipeline);
    },
  );
});

describe('a line that is delivered again', () => {
  it('is a redelivery wherever the decision has put it', async () => {
    const lines = [
      report('1', 2),
      report('2', 2, { quantity: '2' }),
      report('3', 3),
      report('3', 4, { quantity: '2' }),
      report('4', 5, { quantity: '4' }),
    ];
    await pipeline.append(lines);
    await pipeline.drain();
    await resolve(pipeline, '2', 2, 'this');
    await pipeline.drain();
    const before = await look.state();
    await pipeline.append(lines);
    await pipeline.drain();
    expect(await look.state()).toEqual(before);
    expect((await Promise.all(['1', '2', '3', '4'].map((id) => pipeline.counts(id)))).map(({ redelivered }) => redelivered)).toEqual([
      1, 1, 2, 1,
    ]);
    await expectStoresAgree(pipeline);
  });

  it('is one as well where nothing is accepted, and a line that is new is billed', async () => {
    const lines = [report('2', 2, { quantity: '2' }), report('3', 2, { quantity: '3' })];
    await pipeline.append([report('1', 2), ...lines]);
    await pipeline.drain();
    await undo(pipeline, '1');
    await pipeline.drain();
    const before = await look.state();
    await pipeline.append([...lines, report('3', 9, { id: 'other' })]);
    await pipeline.drain();
    expect((await look.state()).slice(1, 6)).toEqual(before.slice(1, 6));
    expect(await look.live()).toMatchObject([{ id: 'other', import: 3 }]);
    expect([await pipeline.counts('2'), await pipeline.counts('3')]).toMatchObject([
      { accepted: 0, conflict: 1, redelivered: 1 },
      { accepted: 1, conflict: 1, redelivered: 1 },
    ]);
    await expectStoresAgree(pipeline);
  });
});
