/** What a key that sends keeps open, and that ends with the key: streams of lines, the progress of an import, waiting for it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKey, revokeKey } from '../../platform/access/api-keys.ts';
import type { Import } from '../../schemas/http/imports.ts';
import { openEvents } from '../support/event-streams.ts';
import { eventually } from '../support/eventually.ts';
import { CSV, MAPPING, openTestIngest, type TestIngest } from '../support/ingest.ts';
import { beginStream, startStream } from '../support/stream-client.ts';
import { idOf, linesOf, lookInto, optionsOf, rowsOf } from '../support/streams.ts';

const by = { name: 'test', address: null };
let ingest: TestIngest;
let look: ReturnType<typeof lookInto>;
let url: string;
beforeAll(async () => {
  ingest = await openTestIngest();
  look = lookInto(ingest);
  url = await ingest.serve(ingest.platform);
});
afterAll(() => ingest.close());

interface TestKey {
  key: string;
  bearer: Record<string, string>;
  isUsed(): Promise<boolean>;
  /** As another process does it. */
  revoke(): Promise<void>;
}

async function makeKey(name: string): Promise<TestKey> {
  const { postgres } = ingest.platform;
  const made = await postgres.transaction((transaction) =>
    createKey(transaction, { name, role: 'ingest', customer: undefined, expiresAt: undefined }, { at: new Date(), by }),
  );
  if (made === undefined) throw new Error(`there is a key "${name}" already`);
  const { id } = made.row;
  return {
    key: made.key,
    bearer: { authorization: `Bearer ${made.key}` },
    isUsed: async () => (await postgres.query('SELECT FROM api_keys WHERE key_id = $1 AND last_used_at IS NOT NULL', [id])).rowCount === 1,
    async revoke() {
      const another = await ingest.replica(`revoking ${id}`);
      await another.postgres.transaction((transaction) => revokeKey(transaction, id, { at: new Date(), by }));
    },
  };
}

describe('a stream of lines whose key is revoked', () => {
  test('ends and says so; what was acknowledged stays', async () => {
    const { key, revoke } = await makeKey('of a stream');
    const client = await startStream(url, optionsOf({ key, query: { mapping: MAPPING } }), CSV + rowsOf(2));
    await client.durable(3);
    await revoke();
    expect(await client.closed()).toMatchObject({
      durableLine: 3,
      ended: 'refused',
      problem: { code: 'unauthenticated', detail: expect.stringContaining('"of a stream" has expired or was revoked') as string },
    });
    expect(linesOf(await look.eventsOf(idOf(client)))).toEqual([2, 3]);
    const again = beginStream(url, optionsOf({ key, query: { mapping: MAPPING } }));
    await again.closed();
    expect(again.refusal).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });

  test('before it has sent its first line is refused', async () => {
    const { key, revoke, isUsed } = await makeKey('of a silent stream');
    const client = beginStream(url, optionsOf({ key, query: { mapping: MAPPING } }));
    await eventually('it is let in', isUsed);
    await revoke();
    await client.closed();
    expect(client.refusal).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });
});

/** Nobody publishes it: it is under way for as long as the test. */
async function upload(headers: Record<string, string>, query: Record<string, string> = {}): Promise<Response> {
  return await fetch(`${url}/v1/imports?${new URLSearchParams({ mapping: MAPPING, ...query })}`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv', ...headers },
    body: CSV + rowsOf(2),
  });
}

describe('an import whose sender has its key revoked', () => {
  test('is followed no more', async () => {
    const { bearer, revoke } = await makeKey('of a follower');
    const { id } = (await (await upload(bearer)).json()) as Import;
    const reader = await openEvents(`${url}/v1/imports/${id}/progress`, bearer);
    await eventually('its state is told', async () => reader.events.length > 0);
    await revoke();
    await reader.ended;
    expect(reader.events.at(-1)).toMatchObject({ event: 'ended', data: { status: 401, code: 'unauthenticated' } });
  });

  test('is waited for no more, and stays', async () => {
    const { bearer, revoke } = await makeKey('of one who waits');
    const answer = upload(bearer, { wait: 'true', name: 'waited.csv' });
    const { postgres } = ingest.platform;
    const accepted = () =>
      postgres.query<{ status: string }>("SELECT status FROM imports WHERE name = 'waited.csv' AND status = 'publishing'");
    await eventually('it is accepted', async () => (await accepted()).rowCount === 1);
    await revoke();
    const { status } = await answer;
    expect([status, (await accepted()).rowCount]).toEqual([401, 1]);
  });
});
