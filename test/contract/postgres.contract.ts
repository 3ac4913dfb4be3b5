/** What every driver of the Postgres port must do. `open` answers a port on a fresh, empty, private database. */
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from 'drizzle-orm';
import { MigrationError, migratePostgres } from '../../platform/postgres/migrate.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import * as tables from '../../schemas/postgres/tables.ts';
import { eventually } from '../support/eventually.ts';

export function postgresContract(name: string, open: () => Promise<{ postgres: Postgres; close: () => Promise<void> }>): void {
  describe(`Postgres: ${name}`, () => {
    let postgres: Postgres;
    let close: (() => Promise<void>) | undefined;

    beforeAll(async () => {
      ({ postgres, close } = await open());
      await postgres.query('CREATE TABLE notes (id text COLLATE "C" PRIMARY KEY, body text, amount numeric)');
    });
    afterAll(async () => {
      await close?.();
    });

    const count = async (like: string) =>
      (await postgres.query<{ n: string }>('SELECT count(*) AS n FROM notes WHERE id LIKE $1', [like])).rows[0]?.n;

    describe('values', () => {
      it('gives numerics and 64-bit integers back as exact text', async () => {
        const { rows } = await postgres.query(
          `SELECT 12345678901234567890.123456789012345678::numeric AS quantity, 9007199254740993::int8 AS count, sum(x) AS total
             FROM (VALUES (9223372036854775807::int8), (9223372036854775807)) AS t(x)`,
        );
        expect(rows).toEqual([
          { quantity: '12345678901234567890.123456789012345678', count: '9007199254740993', total: '18446744073709551614' },
        ]);
      });

      it('gives times back as text, in UTC, to the microsecond', async () => {
        const { rows } = await postgres.query(
          `SELECT '2024-03-31T01:59:59.123456+05:45'::timestamptz AS instant, '2024-03-31 01:59:59.000001'::timestamp AS wall,
                  '2024-03-31'::date AS day, ARRAY['2024-01-01T00:00:00.5Z'::timestamptz] AS instants`,
        );
        expect(rows).toEqual([
          {
            instant: '2024-03-30 20:14:59.123456+00',
            wall: '2024-03-31 01:59:59.000001',
            day: '2024-03-31',
            instants: ['2024-01-01 00:00:00.5+00'],
          },
        ]);
      });

      it('counts the rows a statement touched', async () => {
        await postgres.query("INSERT INTO notes (id) VALUES ('count-1'), ('count-2')");
        expect(await postgres.query('UPDATE notes SET body = $1 WHERE id LIKE $2', ['x', 'count-%'])).toEqual({ rows: [], rowCount: 2 });
      });

      it('passes the error of a statement on with its code, and goes on', async () => {
        await expect(postgres.query('SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' });
        expect((await postgres.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
      });
    });

    describe('transaction', () => {
      it('commits when the work returns, and answers its value', async () => {
        const answer = await postgres.transaction(async (transaction) => {
          await transaction.query("INSERT INTO notes (id) VALUES ('commit')");
          expect(await count('commit')).toBe('0');
          return 42;
        });
        expect([answer, await count('commit')]).toEqual([42, '1']);
      });

      it('rolls back when the work throws, and passes the error on', async () => {
        const failure = new Error('no');
        const work = postgres.transaction(async (transaction) => {
          await transaction.query("INSERT INTO notes (id) VALUES ('rollback')");
          throw failure;
        });
        await expect(work).rejects.toBe(failure);
        expect(await count('rollback')).toBe('0');
      });

      it('does not pass for committed when a failed statement was swallowed', async () => {
        const work = postgres.transaction(async (transaction) => {
          await transaction.query("INSERT INTO notes (id) VALUES ('swallowed')");
          await transaction.query('SELECT 1 / 0').catch(() => undefined);
        });
        await expect(work).rejects.toThrow('rolled back');
        expect(await count('swallowed')).toBe('0');
      });

      it('fails when its connection is cut in the middle, and leaves the pool usable', async () => {
        let isCut = false;
        const work = postgres.transaction(async (transaction) => {
          await transaction.query("INSERT INTO notes (id) VALUES ('cut')");
          const { rows } = await transaction.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
          await postgres.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
          await eventually(
            'the connection is gone',
            async () => (await postgres.query('SELECT FROM pg_stat_activity WHERE pid = $1', [rows[0]?.pid])).rowCount === 0,
          );
          isCut = true;
          await transaction.query("INSERT INTO notes (id) VALUES ('cut-2')");
        });
        await expect(work).rejects.toThrow();
        expect(isCut).toBe(true);
        expect(await count('cut%')).toBe('0');
      });
    });

    describe('copyFrom', () => {
      const COPY = 'COPY notes (id, body, amount) FROM STDIN';

      it('keeps every special character', async () => {
        const body = 'tab\\t newline\\n backslash\\\\ quote\' "double" ü 漢字 😀 \\\\N';
        await postgres.transaction((transaction) =>
          transaction.copyFrom(COPY, ['spe', 'cial\t', `${body}\t1.50\n`, 'special-null\t\\N\t\\N\n']),
        );
        const { rows } = await postgres.query("SELECT body, amount FROM notes WHERE id LIKE 'special%' ORDER BY id");
        expect(rows).toEqual([
          { body: 'tab\t newline\n backslash\\ quote\' "double" ü 漢字 😀 \\N', amount: '1.50' },
          { body: null, amount: null },
        ]);
      });

      it('takes 100,000 rows', async () => {
        await postgres.transaction((transaction) => transaction.copyFrom(COPY, noteLines('many', 100_000)));
        const { rows } = await postgres.query("SELECT count(*) AS n, sum(amount) AS total FROM notes WHERE id LIKE 'many%'");
        expect(rows).toEqual([{ n: '100000', total: '4999950000' }]);
      });

      it('takes no rows at all', async () => {
        await postgres.transaction((transaction) => transaction.copyFrom(COPY, []));
        await postgres.transaction((transaction) => transaction.copyFrom(COPY, ['']));
        expect(await count('')).toBe('0');
      });

      it('leaves the transaction usable after a savepoint when a key is taken', async () => {
        await postgres.transaction(async (transaction) => {
          await transaction.query('SAVEPOINT before_copy');
          const lines = [...noteLines('taken', 20_000), 'taken-7\tagain\t0\n', ...noteLines('later', 20_000)];
          await expect(transaction.copyFrom(COPY, lines)).rejects.toMatchObject({ code: '23505' });
          await transaction.query('ROLLBACK TO SAVEPOINT before_copy');
          await transaction.copyFrom(COPY, noteLines('second', 3));
        });
        expect([await count('taken%'), await count('second%')]).toEqual(['0', '3']);
      });

      it('passes on what the source throws, and keeps nothing', async () => {
        const failure = new Error('the source broke');
        function* broken() {
          yield* noteLines('broken', 5_000);
          throw failure;
        }
        await expect(postgres.transaction((transaction) => transaction.copyFrom(COPY, broken()))).rejects.toBe(failure);
        expect(await count('broken%')).toBe('0');
      });

      it('reads the source no faster than Postgres takes it', async () => {
        const state = { read: 0 };
        function* counted() {
          for (const line of noteLines('slow', 400_000)) {
            state.read += line.length;
            yield line;
          }
        }
        await postgres.transaction(async (blocker) => {
          await blocker.query('LOCK TABLE notes IN ACCESS EXCLUSIVE MODE');
          const copying = postgres.transaction((transaction) => transaction.copyFrom(COPY, counted()));
          // Asked for at once: it may be refused before the one who cancels it hears that it is cancelled.
          const refused = expect(copying).rejects.toMatchObject({ code: '57014' });
          await eventually(
            'COPY waits for the table',
            async () => (await blocker.query("SELECT FROM pg_locks WHERE NOT granted AND relation = 'notes'::regclass")).rowCount === 1,
          );
          // COPY waits for the table: nothing is taken yet, so only what the buffers on the way hold may have been read.
          expect(state.read).toBeLessThan(4_000_000);
          await blocker.query("SELECT pg_cancel_backend(pid) FROM pg_locks WHERE NOT granted AND relation = 'notes'::regclass");
          await refused;
        });
        expect(state.read).toBeLessThan(4_000_000);
      });
    });

    describe('listen', () => {
      const notify = (channel: string, payload: string) => postgres.query('SELECT pg_notify($1, $2)', [channel, payload]);

      it('calls every listener of the channel, and no other', async () => {
        const heard: string[] = [];
        const stops = [
          await postgres.listen('one', (payload) => heard.push(`a:${payload}`)),
          await postgres.listen('one', (payload) => heard.push(`b:${payload}`)),
          await postgres.listen('Two "quoted"', (payload) => heard.push(`c:${payload}`)),
        ];
        await notify('one', '1');
        await notify('Two "quoted"', '2');
        await eventually('a notification arrives', async () => heard.length === 3);
        expect(heard).toEqual(['a:1', 'b:1', 'c:2']);
        for (const stop of stops) await stop();
      });

      it('hears nothing of a transaction that rolls back', async () => {
        const heard: string[] = [];
        const stop = await postgres.listen('outcome', (payload) => heard.push(payload));
        const undone = postgres.transaction(async (transaction) => {
          await transaction.query("SELECT pg_notify('outcome', 'undone')");
          throw new Error('undo');
        });
        await expect(undone).rejects.toThrow('undo');
        await notify('outcome', 'done');
        await eventually('a notification arrives', async () => heard.length > 0);
        expect(heard).toEqual(['done']);
        await stop();
      });

      it('stops calling a listener that has stopped, and keeps calling the others', async () => {
        const heard: string[] = [];
        const stopFirst = await postgres.listen('stopping', () => heard.push('first'));
        const stopSecond = await postgres.listen('stopping', () => heard.push('second'));
        await stopFirst();
        await notify('stopping', '');
        await eventually('a notification arrives', async () => heard.length > 0);
        expect(heard).toEqual(['second']);
        await stopSecond();
      });

      it('connects again after the connection was cut, tells every listener once, and hears on', async () => {
        const heard: string[] = [];
        const stop = await postgres.listen('again', (payload) => heard.push(payload));
        const cut = await postgres.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%LISTEN%' AND pid <> pg_backend_pid()",
        );
        expect(cut.rowCount).toBe(1);
        await eventually('a notification arrives', async () => heard.length > 0);
        expect(heard).toEqual(['']);
        await notify('again', 'after');
        await eventually('a notification arrives', async () => heard.length > 1);
        expect(heard).toEqual(['', 'after']);
        await stop();
      });
    });

    describe('migrations', () => {
      it('may run twice, also at the same time, and make every table of the schema', async () => {
        await Promise.all([migratePostgres(postgres), migratePostgres(postgres)]);
        await migratePostgres(postgres);
        const files = (await readdir('schemas/postgres/migrations')).filter((name) => name.endsWith('.sql'));
        expect((await postgres.query('SELECT FROM drizzle.__drizzle_migrations')).rowCount).toBe(files.length);
        await postgres.db.insert(tables.customers).values({ id: 'acme', taxRate: '19.00' });
        const [customer] = await postgres.db
          .select()
          .from(tables.customers)
          .where(sql`id = 'acme'`);
        expect(customer).toMatchObject({
          id: 'acme',
          taxRate: '19.00',
          firstSeenAt: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d.*\+00$/),
        });
      });

      it('order keys by their bytes', async () => {
        await postgres.query("INSERT INTO meters (key) VALUES ('a'), ('B'), ('ä'), ('_')");
        const { rows } = await postgres.query<{ key: string }>('SELECT key FROM meters ORDER BY key');
        expect(rows.map(({ key }) => key)).toEqual(['B', '_', 'a', 'ä']);
      });

      it('refuse a database that a newer version has migrated', async () => {
        await postgres.query("INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('from-the-future', 4102444800000)");
        const refused = migratePostgres(postgres);
        await expect(refused).rejects.toBeInstanceOf(MigrationError);
        await expect(refused).rejects.toThrow('a newer version has used it');
      });
    });

    it('closes more than once without a fuss', async () => {
      await postgres.close();
      await postgres.close();
      await expect(postgres.query('SELECT 1')).rejects.toThrow();
    });
  });
}

function* noteLines(prefix: string, lines: number): Generator<string> {
  for (let line = 0; line < lines; line += 1) yield `${prefix}-${line}\tline ${line}\t${line}\n`;
}
