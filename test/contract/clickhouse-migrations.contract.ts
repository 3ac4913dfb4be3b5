/** Part of the ClickHouse contract: numbered files, each applied once and never changed. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import { migrateClickHouse } from '../../platform/clickhouse/migrate.ts';

const PROJECT_MIGRATIONS = new URL('../../schemas/clickhouse/', import.meta.url);
const logger = pino({ level: 'silent' });

export function migrationContract(clickhouse: () => ClickHouse): void {
  describe('migrations', () => {
    let directory: string;
    let newest: number;
    const file = (version: number, words: string) => join(directory, `${String(version).padStart(4, '0')}_${words}.sql`);
    const migrate = () => migrateClickHouse({ clickhouse: clickhouse(), logger, directory });
    const applied = () =>
      clickhouse().query<{ version: number }>({ name: 'ledger', sql: 'SELECT version FROM tallyline.schema_migrations ORDER BY version' });

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'tallyline-migrations-'));
      const names = (await readdir(PROJECT_MIGRATIONS)).filter((name) => name.endsWith('.sql'));
      for (const name of names) await writeFile(join(directory, name), await readFile(new URL(name, PROJECT_MIGRATIONS)));
      newest = names.length;
    });
    afterEach(async () => {
      await clickhouse().command(`ALTER TABLE tallyline.schema_migrations DELETE WHERE version > ${newest} SETTINGS mutations_sync = 2`);
      await rm(directory, { recursive: true });
    });

    it('are applied once, in order, statement by statement', async () => {
      await writeFile(
        file(newest + 1, 'pair'),
        'CREATE TABLE tallyline.pair_a (n UInt8) ENGINE = Memory\n-- statement\nCREATE TABLE tallyline.pair_b AS tallyline.pair_a;\n',
      );
      await migrate();
      // Not repeatable on purpose: a second run would fail.
      await migrate();
      expect((await applied()).map(({ version }) => version)).toEqual(Array.from({ length: newest + 1 }, (_, k) => k + 1));
      expect(await clickhouse().query({ name: 'pair', sql: 'SELECT n FROM tallyline.pair_b' })).toEqual([]);
      await clickhouse().command('DROP TABLE tallyline.pair_a');
      await clickhouse().command('DROP TABLE tallyline.pair_b');
    });

    it('are not recorded when a statement fails', async () => {
      await writeFile(file(newest + 1, 'broken'), 'SELECT nothing FROM nowhere');
      await expect(migrate()).rejects.toThrow();
      expect(await applied()).toHaveLength(newest);
    });

    it('that were changed after they were applied are refused, CRLF set aside', async () => {
      const first = (await readdir(directory)).find((name) => name.startsWith('0001_')) ?? '';
      const sql = await readFile(join(directory, first), 'utf8');
      await writeFile(join(directory, first), sql.replaceAll('\n', '\r\n'));
      await migrate();
      await writeFile(join(directory, first), `${sql}-- improved\n`);
      await expect(migrate()).rejects.toThrow(new RegExp(`${first} has changed since it was applied`));
    });

    it('of a newer version are refused', async () => {
      await writeFile(file(newest + 1, 'future'), 'SELECT 1');
      await migrate();
      await rm(file(newest + 1, 'future'));
      await expect(migrate()).rejects.toThrow(/_future\.sql, which this version of Tallyline does not know: a newer version has used it/);
    });

    it('with a gap in their numbers are refused', async () => {
      await writeFile(file(newest + 2, 'gap'), 'SELECT 1');
      await expect(migrate()).rejects.toThrow(/out of order/);
    });
  });
}
