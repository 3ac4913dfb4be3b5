/** Files that are not UTF-8 through the running program: billed right, traced to their lines, mended and sent again. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Import, Inspection } from '../../schemas/http/imports.ts';
import type { Source, UsageRecord } from '../../schemas/http/usage.ts';
import { usageTotals } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useTallyline } from '../support/use-tallyline.ts';

let tallyline: Tallyline;
useTallyline((started) => {
  tallyline = started;
});

const HEADER = 'id\tcustomer\ttime\tquantity\tmeter\r\n';
const row = (id: number, customer: string, meter = 'calls') => `${id}\t${customer}\t2026-01-01T00:00:00Z\t1\t${meter}\r\n`;

function send(body: Buffer, query: Record<string, string> = {}): Promise<Import> {
  return tallyline.json<Import>(`/v1/imports?${new URLSearchParams({ wait: 'true', ...query })}`, {
    method: 'POST',
    body: new Uint8Array(body),
  });
}

async function refusal(path: string, body: Buffer): Promise<{ status: number; code: string; detail: string }> {
  const response = await tallyline.fetch(path, { method: 'POST', body: new Uint8Array(body) });
  const { code, detail } = (await response.json()) as { code: string; detail: string };
  return { status: response.status, code, detail };
}

/** Of the only record of a customer. */
async function sourceOf(customer: string): Promise<Source> {
  const { items } = await tallyline.json<{ items: UsageRecord[] }>(`/v1/records?${new URLSearchParams({ customer })}`);
  const key = items[0]?.key ?? '';
  return tallyline.json<Source>(`/v1/records/${key}/source?context=1`);
}

test('UTF-16 is read whole, the lines of a row are shown in it, and a half character costs its row only', async () => {
  const text = `\ufeff${HEADER}${row(1, 'Łódź 😀')}${row(2, 'half \ud83d')}${Array.from({ length: 2000 }, (_, n) => row(n + 3, n === 1500 ? '終' : 'Müller')).join('')}`;
  const bytes = Buffer.from(text, 'utf16le');
  const inspection = await tallyline.json<Inspection>('/v1/imports/inspect', { method: 'POST', body: new Uint8Array(bytes) });
  expect(inspection).toMatchObject({ ready: true, dialect: { encoding: 'utf-16le', bom: true, delimiter: '\t', newline: 'CRLF' } });
  expect(inspection.detected.find(({ property }) => property === 'encoding')).toMatchObject({ confidence: 'certain' });
  const result = await send(bytes);
  expect(result).toMatchObject({ status: 'complete', rows: { read: 2002, rejected: 1 }, events: { accepted: 2001 } });
  expect(result.errors).toMatchObject([{ code: 'invalid_encoding', examples: [{ line: 3 }] }]);
  expect(await sourceOf('Łódź 😀')).toMatchObject({
    line: 2,
    raw: row(1, 'Łódź 😀').trim(),
    cells: ['1', 'Łódź 😀', '2026-01-01T00:00:00Z', '1', 'calls'],
  });
  expect(await sourceOf('終')).toMatchObject({
    line: 1504,
    raw: row(1503, '終').trim(),
    before: [{ line: 1503 }],
    after: [{ line: 1505 }],
  });
  // Packed it is the same file, and its rows are known.
  const again = await send(gzipSync(bytes));
  expect(again).toMatchObject({ sha256: result.sha256, events: { accepted: 0, duplicate: 2001 } });
});

test('windows-1252 is asked about, and read once it is declared', async () => {
  const bytes = Buffer.from(
    `${HEADER}${row(1, 'Li\xe8ge', 'stays')}${row(2, 'Orl\xe9ans', 'stays')}${row(3, 'N\x81mes', 'stays')}`,
    'latin1',
  );
  const question = await refusal('/v1/imports', bytes);
  expect(question).toMatchObject({ status: 422, code: 'undetected_encoding' });
  expect(question.detail).toContain('say encoding=windows-1252 if it should read "1\\tLiège');
  expect(await refusal('/v1/imports/inspect', bytes)).toEqual(question);
  const result = await send(bytes, { encoding: 'windows-1252', name: 'stays.csv' });
  expect(result).toMatchObject({ events: { accepted: 2 }, rows: { rejected: 1 }, errors: [{ code: 'invalid_encoding' }] });
  expect(await usageTotals(tallyline, { customer: 'Liège' })).toEqual({ stays: '1' });

  // What it rejected comes back in UTF-8, and is not taken for windows-1252 once more.
  const rejected = Buffer.from(await (await tallyline.fetch(`/v1/imports/${result.id}/rejected.csv`)).arrayBuffer());
  const mended = Buffer.from(rejected.toString('latin1').replace('N\x81mes', 'N\xc3\xaemes'), 'latin1');
  expect(await refusal('/v1/imports?encoding=windows-1252', mended)).toMatchObject({ code: 'undetected_encoding' });
  expect(await send(mended)).toMatchObject({ events: { accepted: 1 }, rows: { rejected: 0 } });
  expect(await usageTotals(tallyline, { customer: 'Nîmes' })).toEqual({ stays: '1' });
});

test('what is no CSV is refused with its name, and kept in the history', async () => {
  expect(await refusal('/v1/imports?name=usage.xlsx', Buffer.from('PK\x03\x04\x14\0\x06\0', 'latin1'))).toMatchObject({
    status: 422,
    code: 'unsupported_encoding',
    detail: expect.stringContaining('save it as "CSV UTF-8"'),
  });
  const { items } = await tallyline.json<{ items: Import[] }>('/v1/imports?limit=1');
  expect(items).toMatchObject([{ name: 'usage.xlsx', status: 'failed', failure: { code: 'unsupported_encoding' } }]);
});
