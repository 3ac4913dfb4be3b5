/** `/v1/records/{key}/source` on a real file store: the line of the file behind a row. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LineIndexBuilder, tapLines } from '../../ingest/csv/line-index.ts';
import type { Mapping } from '../../schemas/http/imports.ts';
import type { Source, UsageRecord } from '../../schemas/http/usage.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { plainDialect } from '../support/dialect.ts';

let api: TestApi;
const DIALECT = plainDialect();
const CSV = 'customer,when,amount,note\na,2026-10-01,1,plain\nb,2026-10-01,2,"two\nlines, quoted"\nc,2026-10-01,3,last\n';
const MAPPING: Mapping = {
  customer: 'customer',
  time: 'when',
  measures: [
    { meter: { const: 'calls' }, quantity: 'amount' },
    { meter: { const: 'rows' }, quantity: { const: '1' } },
  ],
};

async function store(id: number, content: Buffer, options: { name: string; header: string[]; mapping: Mapping }): Promise<void> {
  const index = new LineIndexBuilder(DIALECT);
  async function* bytes() {
    yield content;
  }
  await api.platform.files.write(String(id), 'original', tapLines(bytes(), index));
  await api.platform.files.write(String(id), 'lines', index.read());
  await api.platform.postgres.query(
    `INSERT INTO imports (id, name, status, created_by, dialect, header, mapping) VALUES ($1, $2, 'complete', 'test', $3, $4, $5)`,
    [id, options.name, JSON.stringify(DIALECT), JSON.stringify(options.header), JSON.stringify(options.mapping)],
  );
}

beforeAll(async () => {
  api = await openTestApi();
  await store(1, Buffer.from(CSV), { name: 'notes.csv', header: ['customer', 'when', 'amount', 'note'], mapping: MAPPING });
  const time = '2026-10-01T00:00:00Z';
  await api.fill([
    { customer: 'a', meter: 'calls', time, quantity: '1', id: 'a', importId: 1, line: 2 },
    { customer: 'b', meter: 'calls', time, quantity: '2', id: 'b', importId: 1, line: 3 },
    { customer: 'b', meter: 'rows', time, quantity: '1', id: 'b:rows', importId: 1, line: 3 },
    { customer: 'x', meter: 'calls', time, quantity: '1', id: 'x', importId: 99, line: 2 },
  ]);
});
afterAll(() => api.close());

async function sourceOf(id: string, query = ''): Promise<{ status: number; body: unknown }> {
  const { items } = (await api.get('/v1/records')).body as { items: UsageRecord[] };
  const key = items.find((record) => record.id === id)?.key ?? '';
  return api.get(`/v1/records/${key}/source${query}`);
}

describe('the source of a record', () => {
  it('is its line as it stood in the file, quoted newlines included, between its neighbours', async () => {
    expect((await sourceOf('b', '?context=1')).body).toEqual({
      importId: '1',
      fileName: 'notes.csv',
      line: 3,
      column: 'amount',
      header: ['customer', 'when', 'amount', 'note'],
      raw: 'b,2026-10-01,2,"two\nlines, quoted"',
      cells: ['b', '2026-10-01', '2', 'two\nlines, quoted'],
      before: [{ line: 2, raw: 'a,2026-10-01,1,plain' }],
      after: [{ line: 5, raw: 'c,2026-10-01,3,last' }],
    });
  });

  it('names no column for a quantity that was a constant', async () => {
    expect((await sourceOf('b:rows')).body).toMatchObject({ line: 3, column: null });
  });

  it('has as many neighbours as the file, and none when none are wanted', async () => {
    const body = (await sourceOf('a', '?context=100')).body as Source;
    expect([body.before.map(({ line }) => line), body.after.map(({ line }) => line)]).toEqual([[1], [3, 4, 5]]);
    expect((await sourceOf('a', '?context=0')).body).toMatchObject({ before: [], after: [] });
    expect((await sourceOf('a', '?context=101')).body).toMatchObject({ code: 'invalid_request' });
  });

  it('is gone when the file is', async () => {
    expect(await sourceOf('x')).toMatchObject({ status: 410, body: { code: 'source_gone' } });
    await api.platform.files.remove('1');
    expect(await sourceOf('a')).toMatchObject({ status: 410, body: { code: 'source_gone' } });
  });

  it('is found in a real file, at its first line and at its last', async () => {
    const file = await readFile(new URL('../../ingest/samples/azure_llm_inference_code.csv', import.meta.url));
    const lines = file.toString('utf8').trimEnd().split(/\r?\n/);
    const header = (lines[0] ?? '').split(',');
    const mapping: Mapping = {
      customer: { const: 'acme-ai' },
      time: header[0] ?? '',
      measures: [{ meter: { const: 'm' }, quantity: header[1] ?? '' }],
    };
    await store(2, file, { name: 'azure.csv', header, mapping });
    const time = '2026-11-01T00:00:00Z';
    await api.fill(
      [2, 5000, lines.length].map((line) => ({
        customer: 'acme-ai',
        meter: 'm',
        time,
        quantity: '1',
        id: `line ${line}`,
        importId: 2,
        line,
      })),
    );
    for (const line of [2, 5000, lines.length]) {
      expect((await sourceOf(`line ${line}`, '?context=1')).body).toMatchObject({
        line,
        column: header[1],
        raw: lines[line - 1],
        before: [{ line: line - 1, raw: lines[line - 2] }],
      });
    }
  });
});
