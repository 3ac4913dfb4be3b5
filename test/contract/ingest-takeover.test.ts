/** What becomes of an import whose replica dies, sleeps or is cut off while it receives or publishes it. */
import { readdir } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { UPLOAD_LIMITS } from '../../config-limits.ts';
import { acceptUpload, type AcceptOptions } from '../../ingest/accept.ts';
import { createImport, leaseImport } from '../../ingest/import-store.ts';
import { Leases } from '../../ingest/leases.ts';
import { createLostUploads } from '../../ingest/lost-uploads.ts';
import { publishImport } from '../../ingest/publish.ts';
import { startPublisher } from '../../ingest/publisher.ts';
import type { Platform } from '../../platform/platform.ts';
import { decodeUsageEvent } from '../../schemas/usage-event.ts';
import { eventually } from '../support/eventually.ts';
import { ADMIN_KEY, CSV, MAPPING, openTestIngest, rowsOf, type TestIngest } from '../support/ingest.ts';

/** Renewed once an hour or so: as good as never, for a test. */
const NEVER_RENEWED = 3_600 * 3;

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openTestIngest();
});
afterEach(() => ingest.closeReplicas());
afterAll(() => ingest.close());

interface ImportRow {
  [column: string]: unknown;
  status: string;
  failure: { code: string } | null;
  lease_owner: string | null;
}

async function importOf(id: string): Promise<ImportRow> {
  const { rows } = await ingest.platform.postgres.query<ImportRow>('SELECT * FROM imports WHERE id = $1', [id]);
  if (!rows[0]) throw new Error(`import ${id} is gone`);
  return rows[0];
}

async function idOf(name: string): Promise<string> {
  return eventually(`${name} is there`, async () => {
    const { rows } = await ingest.platform.postgres.query<{ id: string }>('SELECT id FROM imports WHERE name = $1', [name]);
    return rows[0]?.id;
  });
}

const leasesOf = ({ postgres, instance, logger }: Platform, leaseSeconds: number) =>
  new Leases({ postgres, instance, leaseSeconds, logger });
const expire = (id: string) =>
  ingest.platform.postgres.query(`UPDATE imports SET lease_until = now() - interval '1 s' WHERE id = $1`, [id]);
const optionsOf = (name: string, idempotencyKey?: string): AcceptOptions => ({
  name,
  createdBy: 'admin key',
  idempotencyKey,
  reading: { mapping: MAPPING },
  limits: UPLOAD_LIMITS,
});

/** As many looks as it takes to give an upload up, and one more. */
async function lookForLost(platform: Platform): Promise<void> {
  const look = createLostUploads(platform);
  for (let looks = 0; looks < 4; looks += 1) await look();
}

describe('an upload', () => {
  test('whose replica died is failed by another one, its files removed and its key free', async () => {
    const other = await ingest.replica('other');
    const url = await ingest.serve(other);
    const dead = { instance: 'dead', leaseSeconds: 3 };
    const id = await createImport(ingest.platform.postgres, optionsOf('dead.csv', 'of-the-dead'), dead);
    if (id === undefined) throw new Error('the key is new');
    async function* breaksOff() {
      yield Buffer.from(CSV);
      await new Promise(() => undefined);
    }
    void ingest.platform.files.write(id, 'original', breaksOff());
    await eventually('bytes are there', async () => (await temporaryFiles(id)).length === 1);
    const again = () =>
      fetch(`${url}/v1/imports?${new URLSearchParams({ mapping: MAPPING, name: 'again.csv' })}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_KEY}`, 'idempotency-key': 'of-the-dead' },
        body: CSV + rowsOf(10),
      });
    const early = await again();
    expect([early.status, early.headers.get('retry-after'), ((await early.json()) as { code: string }).code]).toEqual([
      503,
      '5',
      'upload_in_progress',
    ]);
    expect(await importOf(id)).toMatchObject({ status: 'received', lease_owner: 'dead' });

    const publisher = startPublisher(other, { leaseSeconds: 3 });
    await eventually('it is given up', async () => (await importOf(id)).status === 'failed');
    expect((await importOf(id)).failure).toMatchObject({ code: 'upload_incomplete' });
    await eventually('its files are gone', async () => (await temporaryFiles(id)).length === 0);
    expect((await again()).status).toBe(202);
    const repeated = await again();
    expect([repeated.status, ((await repeated.json()) as { name: string }).name]).toEqual([202, 'again.csv']);
    await eventually('it is published', async () => (await importOf(await idOf('again.csv'))).status === 'settling');
    await publisher.stop();
  });

  test('that is slow is kept for as long as its replica lives, however little arrives', async () => {
    const [holder, other] = [await ingest.replica('holder'), await ingest.replica('impatient')];
    const stream = new PassThrough();
    stream.write(CSV);
    const accepting = acceptUpload(holder, leasesOf(holder, 3), { stream }, optionsOf('slow.csv'));
    const id = await idOf('slow.csv');
    const publisher = startPublisher(other, { leaseSeconds: 3 });
    await eventually('three leases have passed', async () => {
      const { rows } = await ingest.platform.postgres.query(`SELECT FROM imports WHERE id = $1 AND now() > created_at + interval '9 s'`, [
        id,
      ]);
      return rows.length === 1;
    });
    expect(await importOf(id)).toMatchObject({ status: 'received', lease_owner: 'holder' });
    stream.end(rowsOf(5));
    expect(await accepting).toBe(id);
    await eventually('it is published', async () => (await importOf(id)).status === 'settling');
    await publisher.stop();
  });

  test('whose replica slept through its lease is not accepted when it wakes up, and its sender is told', async () => {
    const zombie = await ingest.replica('zombie');
    const stream = new PassThrough();
    stream.write(CSV);
    const accepting = acceptUpload(zombie, leasesOf(zombie, NEVER_RENEWED), { stream }, optionsOf('asleep.csv'));
    accepting.catch(() => undefined);
    const id = await idOf('asleep.csv');
    await eventually('bytes are there', async () => (await temporaryFiles(id)).length === 1);
    await expire(id);
    await lookForLost(ingest.platform);
    expect(await importOf(id)).toMatchObject({ status: 'failed', failure: { code: 'upload_incomplete' } });
    stream.end(rowsOf(5));
    await expect(accepting).rejects.toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('upload it again') });
    expect(await importOf(id)).toMatchObject({ status: 'failed', failure: { code: 'upload_incomplete' } });
    expect(await readdir(ingest.root)).not.toContain(id);
    expect(await temporaryFiles(id)).toEqual([]);
  });

  test('is accepted once only, although the answer of Postgres to the acceptance was lost', async () => {
    const unlucky = await ingest.replica('unlucky');
    const { query } = unlucky.postgres;
    let isLost = false;
    const postgres: Platform['postgres'] = {
      ...unlucky.postgres,
      async query(sql, values, options) {
        const result = await query<never>(sql, values, options);
        if (isLost || !sql.includes("SET status = 'publishing'")) return result;
        isLost = true;
        throw Object.assign(new Error('the connection was lost'), { code: 'ECONNRESET' });
      },
    };
    const platform = { ...unlucky, postgres };
    const stream = new PassThrough();
    stream.end(CSV + rowsOf(5));
    const id = await acceptUpload(platform, leasesOf(platform, 60), { stream }, optionsOf('unanswered.csv'));
    expect([isLost, (await importOf(id)).status]).toEqual([true, 'publishing']);
    const publisher = startPublisher(unlucky, { leaseSeconds: 60 });
    await eventually('it is published', async () => (await importOf(id)).status === 'settling');
    await publisher.stop();
  });
});

async function temporaryFiles(id: string): Promise<string[]> {
  return (await readdir(join(ingest.root, '.incoming'))).filter((name) => name.startsWith(`${id}.`));
}

describe('an import that is published by two at once', () => {
  const REJECTED = 30_000;
  const ROWS = 60_000;

  test('ends with the counts, the events and the files of one', async () => {
    const [zombie, heir] = [await ingest.replica('sleeping'), await ingest.replica('heir')];
    const stream = new PassThrough();
    const bad = Array.from({ length: REJECTED }, (_, n) => `bad-${n},c1,yesterday,1\n`).join('');
    stream.end(CSV + rowsOf(ROWS / 2) + bad + rowsOf(ROWS / 2, ROWS / 2));
    const id = await acceptUpload(zombie, leasesOf(zombie, 60), { stream }, optionsOf('two.csv'));

    // The zombie falls asleep in its first append, with events and rejected rows already behind it.
    const [asleep, wakeUp] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let appends = 0;
    const log: Platform['log'] = Object.assign(Object.create(zombie.log) as Platform['log'], {
      append: async (partition: number, texts: readonly (string | Buffer)[]) => {
        appends += 1;
        asleep.resolve();
        await wakeUp.promise;
        return zombie.log.append(partition, texts);
      },
      partitionFor: (customer: string) => zombie.log.partitionFor(customer),
      endOffsets: () => zombie.log.endOffsets(),
    });
    Object.defineProperty(log, 'partitions', { value: zombie.log.partitions });
    const zombieLease = await leaseImport(zombie.postgres, { instance: 'sleeping', leaseSeconds: 60 });
    if (zombieLease?.id !== id) throw new Error('another import is waiting');
    const sleeping = publishImport({ ...zombie, log }, zombieLease, new AbortController().signal);
    await asleep.promise;

    await expire(id);
    const heirLease = await leaseImport(heir.postgres, { instance: 'heir', leaseSeconds: 60 });
    expect(heirLease?.id).toBe(id);
    const published = heirLease && publishImport(heir, heirLease, new AbortController().signal);
    wakeUp.resolve();
    await Promise.all([published, sleeping]);

    expect(appends).toBeGreaterThan(0);
    expect(await importOf(id)).toMatchObject({
      status: 'settling',
      rows_read: String(ROWS + REJECTED),
      rows_rejected: String(REJECTED),
      events_published: String(ROWS),
    });
    const rejected = await text(await heir.files.read(id, 'rejected'));
    expect(rejected.trimEnd().split('\n')).toHaveLength(REJECTED + 1);
    expect(await heir.files.size(id, 'lines')).toBeGreaterThan(0);
    expect((await readdir(join(ingest.root, id))).sort()).toEqual(['lines', 'original', 'rejected']);
    expect(await temporaryFiles(id)).toEqual([]);
    expect(await identitiesOf(heir, id)).toBe(ROWS);
  });
});

/** Different events of an import in the log; each line gives one, however often it is there. */
async function identitiesOf(platform: Platform, id: string): Promise<number> {
  const identities = new Set<string>();
  const ends = await platform.log.endOffsets();
  for (const [partition, end] of ends.entries()) {
    const reader = platform.log.reader(partition);
    for (let from = 0; from < end;) {
      const batch = await reader.read(from, { maxEvents: 50_000, waitMs: 0 });
      if (batch === undefined) break;
      for (const payload of batch.payloads) {
        const decoded = decodeUsageEvent(payload);
        if (!decoded.ok) throw new Error(`the log holds ${payload}`);
        const { customer, id: identity, importId, line } = decoded.event;
        if (importId === id) identities.add(`${customer} ${identity} ${line}`);
      }
      from = batch.nextOffset;
    }
  }
  return identities.size;
}

describe('what was accepted while Postgres and the log go away', () => {
  test.each([
    ['Postgres', 'postgres'],
    ['the log', 'log'],
  ] as const)('is published once %s is back, and tried at a bounded rate until then', async (_name, store) => {
    const cut = await ingest.replica(`cut-${store}`, { proxied: true });
    const stream = new PassThrough();
    stream.end(CSV + rowsOf(200_000));
    const id = await acceptUpload(cut, leasesOf(cut, 60), { stream }, optionsOf(`cut-${store}.csv`));
    const proxy = ingest.proxies[store];
    const publisher = startPublisher(cut, { leaseSeconds: 3 });
    try {
      await eventually('it is being published', async () => Number((await importOf(id))['rows_published']) > 0);
      proxy.set({ kind: 'cut-request', afterBytes: 0 });
      const before = proxy.connections;
      await eventually('it was tried three times', () => Promise.resolve(proxy.connections - before >= 3));
      expect(proxy.connections - before).toBeLessThan(50);
      expect((await importOf(id)).status).toBe('publishing');
    } finally {
      proxy.set({ kind: 'none' });
    }
    await eventually('it is published', async () => (await importOf(id)).status === 'settling');
    await publisher.stop();
    expect(await importOf(id)).toMatchObject({ rows_read: '200000', events_published: '200000' });
    expect(await identitiesOf(ingest.platform, id)).toBe(200_000);
  });
});
