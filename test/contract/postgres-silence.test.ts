/** Postgres behind a connection that loses answers and stays open: nobody waits for ever, and no such connection is used again. */
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectPostgres } from '../../platform/postgres/pg-driver.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import { StoreUnavailableError } from '../../platform/store-unavailable.ts';
import { openTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

let server: TestPostgres;
let proxy: TcpProxy;
let postgres: Postgres;

beforeAll(async () => {
  server = await openTestPostgres();
  const { connection } = await server.createDatabase(undefined, { migrated: false });
  proxy = await startTcpProxy(connection);
  postgres = connectPostgres({
    connection: { ...connection, port: proxy.port },
    poolSize: 2,
    applicationName: 'tallyline-test',
    logger: pino({ level: 'silent' }),
    answerMs: { statement: 300, commit: 300 },
  });
  await postgres.query('CREATE TABLE notes (body text)');
});
afterAll(async () => {
  await postgres?.close();
  await proxy?.close();
  await server?.close();
});

const notes = async () => (await postgres.query<{ body: string }>('SELECT body FROM notes ORDER BY body')).rows.map(({ body }) => body);

test('a COMMIT without an answer is an error, though it may have been carried out', async () => {
  const committing = postgres.transaction(async (transaction) => {
    await transaction.query(`INSERT INTO notes VALUES ('committed')`);
    proxy.set({ kind: 'lost-answer', then: 'silence' });
  });
  await expect(committing).rejects.toThrow(StoreUnavailableError);
  proxy.set({ kind: 'none' });
  expect(await notes()).toEqual(['committed']);
});

test('a statement without an answer ends its transaction, which leaves nothing', async () => {
  const working = postgres.transaction(async (transaction) => {
    proxy.set({ kind: 'lost-answer', then: 'silence' });
    await transaction.query(`INSERT INTO notes VALUES ('lost')`);
  });
  await expect(working).rejects.toThrow(StoreUnavailableError);
  proxy.set({ kind: 'none' });
  expect(await notes()).toEqual(['committed']);
});

test('so is a query alone', async () => {
  proxy.set({ kind: 'lost-answer', then: 'silence' });
  await expect(notes()).rejects.toThrow(StoreUnavailableError);
  proxy.set({ kind: 'none' });
  expect(await notes()).toEqual(['committed']);
});
