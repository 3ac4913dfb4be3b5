import { describe, expect, it } from 'vitest';
import type { Mapping } from '../../schemas/http/imports.ts';
import { PRESETS } from '../presets/presets.ts';
import { inspectHead } from './inspect.ts';
import { DEFAULT_TEMPLATE, mappingFaults, templateCsv } from './template.ts';

async function inspect(text: string | undefined, mapping: Mapping | undefined) {
  const head = Buffer.from(text ?? '');
  const outcome = await inspectHead({ head, complete: true, declared: {}, mapping, limit: 10, nowMs: Date.UTC(2026, 10, 23) });
  if (!outcome.ok) throw new Error(outcome.fault.message);
  return outcome.inspection;
}

const WIDE: Mapping = {
  id: ['call', 'leg'],
  customer: { const: 'acme' },
  time: ['date', 'time'],
  timeFormat: 'dd/MM/yyyy hh:mm:ss a',
  timeZone: 'Europe/Berlin',
  measures: [
    { meter: { const: 'sent' }, quantity: 'bytes, sent' },
    { meter: { column: 'kind' }, quantity: 'load', percent: true, decimal: '.' },
    { meter: { const: 'calls' }, quantity: { const: '1' } },
  ],
  properties: ['region'],
  only: [{ column: 'state', in: ['answered'] }],
  decimal: ',',
  thousands: '.',
};

describe('a template', () => {
  it('needs no mapping', async () => {
    const text = templateCsv(DEFAULT_TEMPLATE);
    expect(text?.split('\r\n')[0]).toBe('id,customer,time,meter,quantity');
    expect(await inspect(text, undefined)).toMatchObject({ ready: true, problems: [], suggestions: [], mapping: DEFAULT_TEMPLATE });
  });

  it('shows every part of a mapping in its form', async () => {
    const text = templateCsv(WIDE);
    expect(text?.split('\r\n').slice(0, 2)).toEqual([
      'call,leg,date,time,"bytes, sent",kind,load,region,state',
      'example-1,part-2,04/03/2024,09:30:00 AM,"1.250,5",meter-2,1250.5%,,answered',
    ]);
    expect(await inspect(text, WIDE)).toMatchObject({ ready: true, problems: [] });
  });

  it('puts columns by position where they have to stand', async () => {
    const mapping: Mapping = { customer: '#4', time: 'when', measures: [{ meter: { const: 'n' }, quantity: '#2' }] };
    const text = templateCsv(mapping);
    expect(text?.split('\r\n')[0]).toBe('when,column 2,column 3,column 4');
    expect(await inspect(text, mapping)).toMatchObject({ ready: true, problems: [] });
  });

  it.each(['epoch_s', 'epoch_ms', 'epoch_us', 'epoch_ns', 'EEE, dd MMM yyyy HH:mm:ss z', 'yyyyMMddHHmmss', "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"])(
    'has times of the form %s',
    async (timeFormat) => {
      const mapping: Mapping = { ...DEFAULT_TEMPLATE, timeFormat, timeZone: 'UTC' };
      expect(await inspect(templateCsv(mapping), mapping)).toMatchObject({ ready: true, problems: [] });
    },
  );

  it.each(PRESETS.map(({ name, mapping }) => [name, mapping] as const))('for %s is read without a problem', async (_name, mapping) => {
    expect(await inspect(templateCsv(mapping), mapping)).toMatchObject({ ready: true, problems: [] });
  });

  it('is not made for a column that no one could find in it', () => {
    expect(templateCsv({ ...DEFAULT_TEMPLATE, customer: '#10001' })).toBeUndefined();
  });
});

describe('a mapping without a file', () => {
  it('has the faults that no file could mend', () => {
    expect([WIDE, DEFAULT_TEMPLATE, ...PRESETS.map(({ mapping }) => mapping)].flatMap(mappingFaults)).toEqual([]);
    const paths = (change: Partial<Mapping>) => mappingFaults({ ...DEFAULT_TEMPLATE, ...change }).map(({ path }) => path);
    expect(paths({ timeZone: 'Mars/Base' })).toEqual(['timeZone']);
    expect(paths({ timeFormat: 'dd/MM/yy' })).toEqual(['timeFormat']);
    expect(paths({ identity: 'row' })).toEqual(['identity']);
    expect(paths({ customer: '#7', time: 'anything' })).toEqual([]);
  });
});
