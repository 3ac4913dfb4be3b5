/** `/v1/dead-letters` with the consumers running: kept whole, listed, put into the log again once it can be read. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startConsumers, type Consumers } from '../../consumers/consumers.ts';
import type { DeadLetter } from '../../schemas/http/dead-letters.ts';
import { encodeUsageEvent } from '../../schemas/usage-event.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { usageEvent } from '../support/usage-event.ts';

let api: TestApi;
let consumers: Consumers;

beforeAll(async () => {
  api = await openTestApi();
  consumers = await startConsumers(api.platform);
});
afterAll(async () => {
  await consumers?.stop();
  await api?.close();
});

async function list(query = ''): Promise<{ items: DeadLetter[]; nextCursor: string | null }> {
  const { status, body, text } = await api.get(`/v1/dead-letters?${query}`);
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return body as { items: DeadLetter[]; nextCursor: string | null };
}
const replay = (id: string) => api.send('POST', `/v1/dead-letters/${id}/replay`);
const letter = async (id: string) => (await list('limit=1000')).items.find((item) => item.id === id);

let stored = 0;
/** As an older version leaves it that did not know such an event yet. */
async function storeReadable(payload: string): Promise<string> {
  const { rows } = await api.platform.postgres.query<{ id: string }>(
    `INSERT INTO dead_letters (epoch, partition, "offset", idx, code, message, payload)
     VALUES (99, 0, $1, 0, 'unknown_version', 'version 1 is not known here', $2) RETURNING dead_letter_id::text AS id`,
    [(stored += 1), payload],
  );
  return rows[0]?.id ?? '';
}
const outcomeOf = (id: string) =>
  eventually('the outcome is known', async () => ((await letter(id))?.outcome !== 'waiting' ? letter(id) : false));

describe('dead letters', () => {
  it('are listed newest first, page by page, with their place, their reason and the beginning of the message', async () => {
    const large = `{"v":2,"note":"${'€'.repeat(20_000)}"}`;
    const { firstOffset } = await api.platform.log.append(1, ['no JSON']);
    await api.platform.log.append(1, [large]);
    await eventually('both are there', async () => (await list()).items.length === 2);
    const { items } = await list();
    expect(items.map(({ code }) => code)).toEqual(['unknown_version', 'invalid_json']);
    expect(items[1]).toEqual({
      id: items[1]?.id,
      position: { epoch: 1, partition: 1, offset: firstOffset, index: 0 },
      code: 'invalid_json',
      message: 'the message is not JSON',
      payload: 'no JSON',
      payloadBytes: 7,
      createdAt: expect.stringMatching(/^20.*Z$/) as string,
      replayedAt: null,
      outcome: null,
    });
    expect([items[0]?.payload.length, items[0]?.payloadBytes]).toEqual([10_240, Buffer.byteLength(large)]);
    expect((await api.get(`/v1/dead-letters/${items[1]?.id}`)).body).toEqual(items[1]);
    const first = await list('limit=1');
    expect(first.items).toEqual([items[0]]);
    await storeReadable('newer than the page');
    expect(await list(`limit=1&cursor=${first.nextCursor}`)).toEqual({ items: [items[1]], nextCursor: null });
    expect((await api.get('/v1/dead-letters?cursor=nonsense')).status).toBe(400);
  });

  it('that still cannot be read are refused with the reason, and stay', async () => {
    const [{ id } = { id: '' }] = (await list()).items.filter(({ code }) => code === 'invalid_json');
    expect(await replay(id)).toMatchObject({
      status: 422,
      body: { code: 'unprocessable', detail: expect.stringContaining('not JSON') as string },
    });
    expect(await letter(id)).toMatchObject({ replayedAt: null, outcome: null });
  });

  it.each([
    ['accepted', usageEvent({ id: 'replayed', importId: '7' })],
    ['duplicate', usageEvent({ id: 'replayed', importId: '7', line: 9 })],
    ['conflict', usageEvent({ id: 'replayed', importId: '7', line: 10, quantity: '3' })],
  ] as const)('that can be read now are replayed: %s; a second time nothing more happens', async (outcome, event) => {
    const id = await storeReadable(encodeUsageEvent(event));
    const ends = await api.platform.log.endOffsets();
    const answer = await replay(id);
    expect(answer).toMatchObject({ status: 202, body: { id, replayedAt: expect.any(String) as string } });
    expect(await outcomeOf(id)).toMatchObject({ outcome });
    expect((await replay(id)).body).toMatchObject({ id, outcome, replayedAt: (answer.body as DeadLetter).replayedAt });
    const partition = api.platform.log.partitionFor(event.customer);
    expect((await api.platform.log.endOffsets()).map((end, at) => end - (ends[at] ?? 0))).toEqual(
      [0, 1].map((at) => (at === partition ? 1 : 0)),
    );
  });

  it('replayed twice, by two at once or after a crash in between, are billed once', async () => {
    const id = await storeReadable(encodeUsageEvent(usageEvent({ id: 'twice', importId: '8' })));
    await replay(id);
    await api.platform.postgres.query('UPDATE dead_letters SET replayed_at = NULL, replayed_offset = NULL WHERE dead_letter_id = $1', [id]);
    expect((await replay(id)).status).toBe(202);
    expect(await outcomeOf(id)).toMatchObject({ outcome: 'accepted' });
    const counts = await eventually('both deliveries are through', async () => {
      const { rows } = await api.platform.postgres.query<{ accepted: string; duplicate: string; redelivered: string }>(
        'SELECT accepted, duplicate, redelivered FROM import_partitions WHERE import_id = 8',
      );
      return rows[0]?.redelivered === '1' && rows[0];
    });
    expect(counts).toEqual({ accepted: '1', duplicate: '0', redelivered: '1' });
  });

  it.each(['999999', '0'])('have no id %s', async (id) => {
    expect((await replay(id)).status).toBe(404);
    expect((await api.get(`/v1/dead-letters/${id}`)).status).toBe(404);
  });
});
