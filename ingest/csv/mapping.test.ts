import { describe, expect, it } from 'vitest';
import type { Mapping } from '../../schemas/http/imports.ts';
import { inferMapping } from './infer-mapping.ts';
import { resolveMapping } from './mapping.ts';

const BASE: Mapping = { customer: 'customer', time: 'time', measures: [{ meter: { const: 'calls' }, quantity: 'n' }] };
const HEADER = ['customer', 'time', 'n', 'region', '', 'error_code'];

function resolve(change: Partial<Mapping> = {}, header: readonly string[] = HEADER) {
  return resolveMapping({ ...BASE, ...change }, header);
}

function paths(change: Partial<Mapping>): string[] {
  const outcome = resolve(change);
  return outcome.ok ? [] : outcome.errors.map(({ path }) => path);
}

describe('a mapping', () => {
  it('finds columns by name and by position', () => {
    const outcome = resolve({ customer: '#1', time: 'time', properties: ['region', '#5'] });
    expect(outcome).toMatchObject({
      ok: true,
      resolved: { customer: { column: 0 }, time: 1, measures: [{ meter: { const: 'calls' }, quantity: { column: 2 } }] },
    });
    expect(outcome.ok && outcome.resolved.properties).toEqual([
      { name: '#5', column: 4 },
      { name: 'region', column: 3 },
    ]);
  });

  it('keeps the rest as properties: what is not mapped, has a name and is no error column', () => {
    const outcome = resolve({ properties: 'rest' });
    expect(outcome.ok && outcome.resolved.properties).toEqual([{ name: 'region', column: 3 }]);
  });

  it('names every column that is not there, at once', () => {
    const outcome = resolve({ customer: 'Kunde', time: 'TIME', customerVisible: ['x'], properties: ['#9'] });
    expect(outcome.ok).toBe(false);
    if (outcome.ok) return;
    expect(outcome.errors.map(({ path }) => path)).toEqual(['customer', 'time', 'customerVisible/0', 'properties/0']);
    expect(outcome.errors[1]?.message).toContain('did you mean "time"?');
    expect(new Set(outcome.errors.map(({ code }) => code))).toEqual(new Set(['mapping_incomplete']));
  });

  it.each([
    [{ timeZone: 'Mars/Base' }, ['timeZone']],
    [{ timeFormat: 'dd/mm/yyyy' }, ['timeFormat']],
    [{ timeFormat: 'dd/MM/yyyy' }, ['timeZone']],
    [{ timeFormat: 'dd/MM/yyyy', timeZone: 'UTC' }, []],
    [{ timeFormat: 'epoch_ms' }, []],
    [{ time: ['time', 'clock'] }, ['time/1']],
    [{ only: [{ column: 'kind', in: ['x'] }] }, ['only/0/column']],
    [{ grouping: 'indian' }, ['grouping']],
    [{ grouping: 'indian', thousands: ',' }, []],
    [{ measures: [{ meter: { const: 'a' }, quantity: 'n', thousands: '.' }] }, ['measures/0/thousands']],
    [{ decimal: ',', thousands: '.', measures: [{ meter: { const: 'a' }, quantity: 'n', decimal: '.' }] }, []],
    [{ thousands: '.' }, ['thousands']],
    [{ decimal: ',', thousands: ',' }, ['thousands']],
    [{ decimal: ',', thousands: '.' }, []],
    [{ id: 'region', identity: 'row' }, ['identity']],
    [{ measures: [{ meter: { const: 'a' }, quantity: { const: 'one' } }] }, ['measures/0/quantity']],
    [
      {
        measures: [
          { meter: { const: 'a' }, quantity: 'n' },
          { meter: { const: 'a' }, quantity: 'region' },
        ],
      },
      ['measures/1/meter'],
    ],
    [
      {
        measures: [
          { meter: { column: 'region' }, quantity: 'n' },
          { meter: { column: '#4' }, quantity: 'n' },
        ],
      },
      ['measures/1/meter'],
    ],
  ] as [Partial<Mapping>, string[]][])('%j has faults at %j', (change, expected) => {
    expect(paths(change)).toEqual(expected);
  });
});

describe('matching a header by synonyms', () => {
  it('takes own names before common ones, and says why', () => {
    const { mapping, matches, errors } = inferMapping(
      ['Event ID', 'Customer-Id', 'user', 'TIMESTAMP', 'date', 'metric', 'Quantity', 'value', 'region'],
      [],
    );
    expect(errors).toEqual([]);
    expect(mapping).toEqual({
      id: 'Event ID',
      customer: 'Customer-Id',
      time: 'TIMESTAMP',
      measures: [{ meter: { column: 'metric' }, quantity: 'Quantity' }],
    });
    expect(matches.get('Customer-Id')).toEqual({ role: 'customer', reason: '"Customer-Id" names the customer' });
  });

  it('counts events where no column says how much or which meter', () => {
    const { mapping } = inferMapping(['account', 'date'], [['acme', '2026-10-01T00:00:00Z']]);
    expect(mapping).toEqual({ customer: 'account', time: 'date', measures: [{ meter: { const: 'events' }, quantity: { const: '1' } }] });
  });

  it.each([
    ['two customers', ['account', 'user', 'time'], 'customer', '"account", "user"'],
    ['no customer', ['time', 'x'], 'customer', '"time", "x"'],
    ['no time', ['customer', 'x'], 'time', '"customer", "x"'],
    ['a quantity without a meter', ['customer', 'time', 'value'], 'measures', '"quantity":"value"'],
    ['a meter without a quantity', ['customer', 'time', 'event_name'], 'measures', '"column":"event_name"'],
    ['two quantities', ['customer', 'time', 'meter', 'value', 'amount'], 'measures', '"value", "amount"'],
  ])('asks instead of guessing: %s', (_, header, path, choice) => {
    const { mapping, errors } = inferMapping(header, []);
    expect(mapping).toBeNull();
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ path, code: 'mapping_incomplete' });
    expect(errors[0]?.message).toContain(choice);
  });

  it('asks for the zone where the times carry none', () => {
    const { mapping, errors } = inferMapping(['customer', 'time'], [['a', '2026-10-01 05:00:00']]);
    expect(mapping).toBeNull();
    expect(errors.map(({ path }) => path)).toEqual(['timeZone']);
  });

  it('asks for the form of times that have to be declared', () => {
    const { mapping, errors } = inferMapping(['customer', 'time'], [['a', '03/04/2026']]);
    expect(mapping).toBeNull();
    expect(errors).toMatchObject([{ path: 'timeFormat', message: expect.stringContaining('"dd/MM/yyyy" or "MM/dd/yyyy"') as unknown }]);
    expect(inferMapping(['customer', 'time'], [['a', '1790000000']]).errors).toMatchObject([{ path: 'timeFormat' }]);
  });

  it('asks for the style of numbers that have to be declared', () => {
    const header = ['customer', 'time', 'meter', 'quantity'];
    const ask = (...cells: string[]) =>
      inferMapping(
        header,
        cells.map((cell) => ['a', '2026-10-01T00:00:00Z', 'calls', cell]),
      ).errors;
    expect(ask('1', '1.234,56')).toMatchObject([{ path: 'decimal', message: expect.stringContaining('1234.56') as unknown }]);
    expect(ask('1,234.56')).toMatchObject([{ path: 'thousands' }]);
    expect(ask('5%')).toMatchObject([{ path: 'measures/0/percent' }]);
    expect(ask('1', 'x')).toEqual([]);
  });

  it('joins a column of dates and one of times of day', () => {
    const pair = inferMapping(['Call Date', 'Start Time', 'account'], [['2026-10-01', '05:06:07', 'a']]);
    expect(pair.errors.map(({ path }) => path)).toEqual(['timeZone']);
    expect([...pair.matches]).toEqual([
      ['account', { role: 'customer', reason: '"account" is a common name for the customer' }],
      ['Call Date', { role: 'time', reason: '"Call Date" holds the date' }],
      ['Start Time', { role: 'time', reason: '"Start Time" holds the time of day' }],
    ]);
    // A column that holds both needs no other.
    const whole = inferMapping(['date', 'start time', 'timestamp', 'account'], [['2026-10-01', '05:06', '2026-10-01T05:06:00Z', 'a']]);
    expect(whole.mapping?.time).toBe('timestamp');
  });

  it('never takes the columns of rejected.csv', () => {
    expect(inferMapping(['customer', 'time', 'error_line', 'error_column', 'error_code', 'error_message'], []).errors).toEqual([]);
  });
});
