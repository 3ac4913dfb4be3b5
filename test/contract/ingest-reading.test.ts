/** What cannot be read to its end is refused before anything of it is published; the limits are those of the configuration. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Problem } from '../../schemas/http/common.ts';
import { ADMIN_KEY, CSV, MAPPING, openTestIngest, rowsOf, type TestIngest } from '../support/ingest.ts';

let ingest: TestIngest;
let url: string;
beforeAll(async () => {
  ingest = await openTestIngest();
  url = await ingest.serve(ingest.platform, { readingLimits: { columnsMax: 5, cellBytesMax: 1000, recordBytesMax: 2000 } });
});
afterAll(() => ingest.close());

async function upload(body: string, query: Record<string, string> = {}): Promise<{ status: number; problem: Problem }> {
  const response = await fetch(`${url}/v1/imports?${new URLSearchParams({ mapping: MAPPING, ...query }).toString()}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'text/csv' },
    body,
  });
  return { status: response.status, problem: (await response.json()) as Problem };
}

describe('a file that cannot be read to its end', () => {
  test('is refused with the line where its quote opened, however far down that is, and nothing of it is published', async () => {
    const before = await ingest.platform.log.endOffsets();
    const rows = rowsOf(20_000);
    const { status, problem } = await upload(`${CSV}${rows}x,"c,2026-01-01T00:00:00Z,1\nno row\n${rows}`);
    expect([status, problem.code]).toEqual([422, 'unclosed_quote']);
    expect(problem.detail).toContain('the quote opened on line 20002 ');
    expect(await ingest.platform.log.endOffsets()).toEqual(before);
  });

  test('is accepted where the rows below the quote leave no doubt, and where quotes are declared to be none', async () => {
    expect((await upload(`${CSV}x,"c,2026-01-01T00:00:00Z,1\n${rowsOf(20)}`)).status).toBe(202);
    expect((await upload(`${CSV}x,"c,2026-01-01T00:00:00Z,1\nno row\n${rowsOf(20)}`, { quote: 'none' })).status).toBe(202);
  });
});

describe('the limits of the configuration', () => {
  test('hold for the columns of a file', async () => {
    expect((await upload('id,customer,time,quantity,a\n1,c,2026-01-01T00:00:00Z,1,x\n')).status).toBe(202);
    const { status, problem } = await upload('id,customer,time,quantity,a,b\n1,c,2026-01-01T00:00:00Z,1,x,y\n');
    expect([status, problem.code]).toEqual([422, 'too_many_columns']);
    expect(problem.detail).toContain('at most 5 are read');
  });

  test('are kept with the import, for whoever resumes it', async () => {
    await upload(CSV + rowsOf(1));
    const { rows } = await ingest.platform.postgres.query<{ dialect: unknown }>('SELECT dialect FROM imports ORDER BY id DESC LIMIT 1');
    expect(rows[0]?.dialect).toMatchObject({ limits: { columnsMax: 5, cellBytesMax: 1000, recordBytesMax: 2000 } });
  });
});
