/** Every query says whose data it reads. */
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { madeScopes, readSources, unscopedQueries } from '../test/support/scoped-queries.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const QUERIES = /^api\/(queries|usage)\/(?!.*\.test\.ts$)/;
const ROUTES = /^(api|ingest)\/routes\//;

/** What belongs to no customer, by file. */
const OF_NO_CUSTOMER: Readonly<Record<string, { names: readonly string[]; reason: string }>> = {
  'customers.ts': { names: ['unseenCustomers'], reason: 'makes the defaults of the settings into customers that nobody has heard of' },
  'follows-change.ts': { names: ['plansWithMeter'], reason: 'price lists of the installation' },
  'imports.ts': {
    names: ['findStoredImport', 'findReadings'],
    reason: 'how a file was read, asked for by staff or for a record that a scope has let through',
  },
  'invoice-numbers.ts': { names: ['takeNumber'], reason: 'numbers are of the installation' },
  'meters.ts': {
    names: ['findMeters', 'findMetersOtherThanSums', 'putMeter'],
    reason: 'definitions that usage is put together by; which of them are shown is up to listMeters and findMeter',
  },
  'plans.ts': {
    names: ['listPlans', 'findPlan', 'findPlans', 'listPlanVersions', 'putPlan'],
    reason: 'price lists of the installation; who is on them takes a scope',
  },
  'rebuilds.ts': { names: ['findLatestRebuild', 'requestRebuild'], reason: 'state of a job over all of ClickHouse' },
  'reconciliation.ts': { names: ['readChecked', 'requestRun', 'findRun'], reason: 'state of a job: times and places in the log' },
  'settings.ts': { names: ['readSettings', 'putSettings'], reason: 'of the installation' },
  'watermark.ts': { names: ['readWatermark'], reason: 'places in the log, and times' },
};

const BAD = `
import type { Scope } from '../../platform/access/scope.ts';
import { EveryCustomer, OneCustomer, WHOLE_INSTALLATION } from '../../platform/access/scope.ts';
import type { ClickHouse, ClickHouseQuery } from '../../platform/clickhouse/clickhouse.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Postgres, Queryable } from '../../platform/postgres/postgres.ts';
type Rows = Promise<string[]>;
declare const rows: Rows;
export const byId = (_postgres: Queryable, _id: string): Rows => rows;
export async function inPool(_postgres: Postgres): Rows { return rows; }
export async function* byPages(_clickhouse: ClickHouse): AsyncGenerator<string> { yield ''; }
export function ofPlatform({ postgres }: Pick<Platform, 'postgres'>): Rows { void postgres; return rows; }
export function perhaps(_postgres: Queryable, _filter: { scope?: Scope }): Rows { return rows; }
export function byName(_postgres: Queryable, _scope: { customer: string | undefined }): Rows { return rows; }
export const bare: ClickHouseQuery = { name: 'bare', sql: 'SELECT 1' };
export function scoped(_postgres: Queryable, _scope: Scope): Rows { return rows; }
export function everybody(_platform: Platform, _scope: EveryCustomer): Rows { return rows; }
export function filtered(_postgres: Queryable, _filter: { scope: Scope; id: string }): Rows { return rows; }
export async function written(_postgres: Queryable): Promise<void> {}
export const literal: Scope = { customer: 'acme', invoice: undefined };
export const made = [new OneCustomer('acme'), new EveryCustomer(), WHOLE_INSTALLATION];
`;

it('takes a scope, unless it is of no customer', () => {
  const sources = readSources(ROOT, globSync('api/{queries,usage}/**/*.ts', { cwd: ROOT }));
  const found = unscopedQueries(sources, QUERIES);
  const known = Object.entries(OF_NO_CUSTOMER).flatMap(([file, { names }]) => names.map((name) => `api/queries/${file}#${name}`));
  expect(found.toSorted()).toEqual(known.toSorted());
});

it('is given the scope of the caller: nobody else makes one', () => {
  const paths = globSync('{api,ingest,consumers,platform}/**/*.ts', { cwd: ROOT }).filter((path) => !path.endsWith('.test.ts'));
  expect(madeScopes(readSources(ROOT, paths), /^(api|ingest|consumers|platform)\//, ROUTES)).toEqual([]);
});

it('is found where it is not', () => {
  const sources = readSources(ROOT, [], { 'api/queries/bad.ts': BAD, 'api/routes/bad.ts': BAD });
  const names = ['byId', 'inPool', 'byPages', 'ofPlatform', 'perhaps', 'byName', 'bare'];
  const unscoped = names.map((name) => `api/queries/bad.ts#${name}`);
  expect(new Set(unscopedQueries(sources, /^api\/queries\/bad\.ts$/))).toEqual(new Set(unscoped));
  const made = ['new OneCustomer', 'new EveryCustomer'];
  expect(madeScopes(sources, /^api\/queries\/bad\.ts$/, ROUTES)).toEqual(made.map((what) => `api/queries/bad.ts: ${what}`));
  expect(madeScopes(sources, /^api\/routes\/bad\.ts$/, ROUTES)).toContain('api/routes/bad.ts: WHOLE_INSTALLATION');
  // No literal passes for a scope.
  const [file] = sources.files(/^api\/queries\/bad\.ts$/);
  const problems = sources.program.getSemanticDiagnostics(file).map(({ messageText }) => JSON.stringify(messageText));
  expect(problems).toEqual([expect.stringContaining('brand')]);
});
