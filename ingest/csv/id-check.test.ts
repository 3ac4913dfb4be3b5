import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Mapping } from '../../schemas/http/imports.ts';
import { detectDialect } from './dialect.ts';
import { checkIds } from './id-check.ts';
import { resolveMapping } from './mapping.ts';

/** The message, and how often the file was opened. */
async function check(text: string, mapping: Mapping, bytesMax?: number): Promise<{ message: string | undefined; passes: number }> {
  const bytes = Buffer.from(text);
  const detected = detectDialect(bytes.subarray(0, 262_144), {}, bytes.length <= 262_144);
  if (!detected.ok) throw new Error(detected.fault.message);
  const resolved = resolveMapping(mapping, detected.header);
  if (!resolved.ok) throw new Error(resolved.errors.map(({ message }) => message).join());
  const scratchDirectory = await mkdtemp(join(tmpdir(), 'id-check-'));
  let passes = 0;
  async function* from(start: number) {
    passes += 1;
    for (let at = start; at < bytes.length; at += 1_000) yield bytes.subarray(at, at + 1_000);
  }
  const { fault } = await checkIds({
    open: async (start) => from(start),
    dialect: detected.dialect,
    mapping: resolved.resolved,
    nowMs: Date.UTC(2026, 10, 23),
    scratchDirectory,
    bytesMax,
  });
  await rmdir(scratchDirectory);
  if (fault) expect(fault.code).toBe('id_not_unique');
  return { message: fault?.message, passes };
}

const MAPPING: Mapping = { id: 'id', customer: 'who', time: 'time', measures: [{ meter: { const: 'calls' }, quantity: 'n' }] };
const HEADER = 'id,who,time,kind,n\n';
const at = (hour: number) => `2026-01-01T${String(hour).padStart(2, '0')}:00:00Z`;

describe('ids of a file', () => {
  it('that do not repeat are looked at once', async () => {
    const rows = Array.from({ length: 500 }, (_, n) => `e${n},acme,${at(n % 24)},x,1\n`).join('');
    expect(await check(HEADER + rows, MAPPING)).toEqual({ message: undefined, passes: 1 });
  });

  it('may belong to several customers, and be empty or of rejected rows', async () => {
    const rows = `1,a,${at(1)},x,1\n1,b,${at(2)},x,2\n,a,${at(3)},x,3\n,a,${at(4)},x,4\n2,a,${at(5)},x,one\n2,a,${at(6)},x,2\n`;
    expect((await check(HEADER + rows, MAPPING)).message).toBeUndefined();
  });

  it('may repeat where the rows say the same, however it is written', async () => {
    const rows = `1,a,${at(1)},x,1\n1,a,2026-01-01T02:00:00+01:00,x,1.00\n1,a,${at(1)},other,1e0\n`;
    expect((await check(HEADER + rows, MAPPING)).message).toBeUndefined();
    expect((await check(HEADER + rows, { ...MAPPING, properties: ['kind'] })).message).toMatch(/on lines 2 and 4,.*"kind"/);
  });

  it('are compared in all rows where too many repeat to be told apart', async () => {
    const rows = Array.from({ length: 100_100 }, (_, n) => `e${n % 50},acme,${at(1)},x,1\n`).join('');
    expect((await check(HEADER + rows, MAPPING)).message).toBeUndefined();
    expect((await check(`${HEADER}${rows}e7,acme,${at(1)},x,2\n`, MAPPING)).message).toMatch(/^The id "e7" .* on lines 9 and 100102,/);
  });

  it('that repeat with another time, as in an AWS bill, become unique with it', async () => {
    const rows = `i-1,a,${at(1)},x,1\ni-2,a,${at(1)},x,1\ni-1,a,${at(2)},x,1\ni-2,a,${at(2)},x,7\n`;
    expect((await check(HEADER + rows, MAPPING)).message).toBe(
      'The id "i-1" stands for different usage on lines 2 and 4, so "id" alone is not unique in this file. Together with "time" it is: map "id": ["id","time"].',
    );
  });

  it('need two columns more where one does not do', async () => {
    const rows = `1,a,${at(1)},x,1\n1,a,${at(2)},x,2\n1,a,${at(1)},y,3\n1,a,${at(2)},y,4\n`;
    expect((await check(HEADER + rows, MAPPING)).message).toContain('map "id": ["id","time","kind"].');
  });

  it('are never made unique by the quantity, nor by a column that is empty somewhere', async () => {
    const corrected = `1,a,${at(1)},x,1\n1,a,${at(1)},x,2\n`;
    expect((await check(HEADER + corrected, MAPPING)).message).toMatch(/No few columns together are: leave id out/);
    const gaps = `1,a,${at(1)},x,1\n1,a,${at(1)},y,2\n2,a,${at(1)},,2\n`;
    expect((await check(HEADER + gaps, MAPPING)).message).toMatch(/No few columns/);
  });

  it('are compared by event: two rows with one id may each report another meter', async () => {
    const wide: Mapping = {
      ...MAPPING,
      measures: ['calls', 'bytes'].map((meter) => ({ meter: { const: meter }, quantity: meter, ifEmpty: 'skip' as const })),
    };
    const header = 'id,who,time,calls,bytes\n';
    expect((await check(`${header}1,a,${at(1)},5,\n1,a,${at(2)},,7\n`, wide)).message).toBeUndefined();
    expect((await check(`${header}1,a,${at(1)},5,\n1,a,${at(2)},6,7\n`, wide)).message).toMatch(/^The id "1" stands for .* lines 2 and 3/);
    const named: Mapping = { ...MAPPING, id: ['id', 'time'], measures: [{ meter: { column: 'kind' }, quantity: 'n' }] };
    expect((await check(`${HEADER}1,a,${at(1)},x,1\n1,a,${at(1)},y,1\n`, named)).message).toContain('map "id": ["id","time","kind"].');
  });

  it('are found wherever they stand, when the table is full as well', async () => {
    const row = (n: number) => `e${n},acme,${at(n % 24)},k${n},1\n`;
    const rows = Array.from({ length: 3_000 }, (_, n) => row(n));
    expect((await check(HEADER + rows.join(''), MAPPING, 8_000)).message).toBeUndefined();
    rows[2_999] = `e0,acme,${at(0)},kx,2\n`;
    expect((await check(HEADER + rows.join(''), MAPPING, 8_000)).message).toMatch(/"e0" .* lines 2 and 3001,.*map "id": \["id","kind"\]/);
  });

  it('made by us need no look', async () => {
    const { id: _none, ...byRow } = MAPPING;
    expect(await check(`${HEADER}1,a,${at(1)},x,1\n1,a,${at(2)},x,1\n`, byRow)).toEqual({ message: undefined, passes: 0 });
  });
});
