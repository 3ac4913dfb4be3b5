import { describe, expect, it } from 'vitest';
import type { Mapping } from '../../schemas/http/imports.ts';
import { createExploder, type EventBatch } from './explode.ts';
import { resolveMapping } from './mapping.ts';

const BASE: Mapping = { customer: 'customer', time: 'time', timeZone: 'UTC', measures: [{ meter: { const: 'calls' }, quantity: 'n' }] };
const HEADER = ['customer', 'time', 'n', 'm', 'date', 'kind'];
const CELLS = { customer: 'acme', time: '2026-10-01 05:00', n: '5', m: '7', date: '01/10/2026', kind: 'voice' };

/** What becomes of one row: `meter quantity time` of each event, or the fault with its column. */
function explode(change: Partial<Mapping>, cells: Partial<typeof CELLS> = {}): string[] {
  const outcome = resolveMapping({ ...BASE, ...change }, HEADER);
  if (!outcome.ok) throw new Error(outcome.errors.map(({ path, message }) => `${path}: ${message}`).join());
  const exploder = createExploder({ mapping: outcome.resolved, importId: '1', nowMs: Date.UTC(2026, 10, 23) });
  const row = { ...CELLS, ...cells };
  const fault = exploder.check(HEADER.map((name) => row[name as keyof typeof row]));
  if (fault) return [`${fault.code} ${fault.column ?? ''}: ${fault.message}`];
  const out: EventBatch = { customers: [], payloads: [] };
  exploder.push('id', 2, out);
  return out.payloads.map((payload) => {
    const { m, q, t } = JSON.parse(payload) as { m: string; q: string; t: string };
    return `${m} ${q} ${t}`;
  });
}

describe('a row', () => {
  it('reads each measure in the style declared for it, or in that of the mapping', () => {
    const measures: Mapping['measures'] = [
      { meter: { const: 'sum' }, quantity: 'n' },
      { meter: { const: 'share' }, quantity: 'm', decimal: '.', percent: true },
    ];
    const style = { measures, decimal: ',', thousands: '.' } as const;
    expect(explode(style, { n: '1.234,5', m: '12.5%' })).toEqual([
      'sum 1234.5 2026-10-01T05:00:00.000000Z',
      'share 0.125 2026-10-01T05:00:00.000000Z',
    ]);
    expect(explode(style, { n: '1.234,5', m: '12,5%' })[0]).toMatch(/^invalid_number m: "12,5%"/);
    expect(explode(style, { n: '1,234.5' })[0]).toContain('it would be 1234.5 with thousands ","');
  });

  it('says how a number could be mended', () => {
    expect(explode({}, { n: '1,234.56' })).toEqual([
      'invalid_number n: "1,234.56": not a number in the plain style; it would be 1234.56 with thousands ","; declare it if the file is written so',
    ]);
    expect(explode({}, { n: '$5' })[0]).toContain('a currency is no part of a quantity');
  });

  it('joins the parts of a time, and names the part that is empty', () => {
    const split: Partial<Mapping> = { time: ['date', 'time'], timeFormat: 'dd/MM/yyyy HH:mm:ss' };
    expect(explode(split, { time: '05:06:07' })).toEqual(['calls 5 2026-10-01T05:06:07.000000Z']);
    expect(explode(split, { time: '' })).toEqual(['missing_time time: a part of the time is empty']);
    expect(explode(split, { date: '' })).toEqual(['missing_time date: the time is empty']);
    expect(explode(split, { time: '24:00:00' })[0]).toMatch(/^invalid_time date: "01\/10\/2026 24:00:00": a day ends/);
    expect(explode({ time: ['#5', '#2'] }, { date: '2026-10-01', time: '05:06' })).toEqual(['calls 5 2026-10-01T05:06:00.000000Z']);
  });

  it('is no usage where a column says another thing than the mapping takes', () => {
    const only = [
      { column: 'kind', in: ['voice', 'video'] },
      { column: 'm', in: ['', '7'] },
    ];
    expect(explode({ only })).toEqual(['calls 5 2026-10-01T05:00:00.000000Z']);
    expect(explode({ only }, { m: '' })).toHaveLength(1);
    expect(explode({ only }, { kind: 'Voice', n: 'x' })[0]).toMatch(/^not_selected kind: "Voice" is not among the values/);
    expect(explode({ only }, { m: '8' })[0]).toMatch(/^not_selected m/);
  });

  it('of a wide file gives an event for each measure that is there', () => {
    const measures: Mapping['measures'] = [
      { meter: { const: 'sent' }, quantity: 'n', ifEmpty: 'skip' },
      { meter: { const: 'received' }, quantity: 'm', ifEmpty: 'skip' },
      { meter: { column: 'kind' }, quantity: { const: '1' } },
    ];
    expect(explode({ measures }, { n: '' })).toEqual(['received 7 2026-10-01T05:00:00.000000Z', 'voice 1 2026-10-01T05:00:00.000000Z']);
  });
});
