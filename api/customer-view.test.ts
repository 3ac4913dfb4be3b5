import { describe, expect, it } from 'vitest';
import { OneCustomer, WHOLE_INSTALLATION } from '../platform/access/scope.ts';
import { type Mapping, NDJSON_DELIMITER, type StoredDialect } from '../schemas/http/imports.ts';
import { plainDialect } from '../test/support/dialect.ts';
import { visibleProperties, visibleSource } from './customer-view.ts';

const DIALECT = plainDialect();
const NDJSON: StoredDialect = { ...DIALECT, delimiter: NDJSON_DELIMITER };
const MAPPING: Mapping = {
  id: ['id', 'part'],
  customer: 'customer',
  time: ['day', 'hour'],
  measures: [
    { meter: { const: 'calls' }, quantity: 'calls' },
    { meter: { column: 'kind' }, quantity: { const: '1' } },
  ],
  properties: 'rest',
  customerVisible: ['note', '#10'],
};
const HEADER = ['cost', 'id', 'part', 'customer', 'day', 'hour', 'calls', 'kind', 'note', '', 'server'];
const own = new OneCustomer('a');

describe('a line of a file', () => {
  it('keeps the columns that were mapped, by name or place, and those that are for customers', () => {
    const cells = ['9.99', '1', 'x', 'a', '2025-10-01', '10:00', '3', 'call', 'says "hi", twice', 'tenth', 'db-7'];
    expect(visibleSource({ header: HEADER, cells, raw: cells.join() }, MAPPING, DIALECT)).toEqual({
      header: ['id', 'part', 'customer', 'day', 'hour', 'calls', 'kind', 'note', ''],
      cells: ['1', 'x', 'a', '2025-10-01', '10:00', '3', 'call', 'says "hi", twice', 'tenth'],
      raw: '1,x,a,2025-10-01,10:00,3,call,"says ""hi"", twice",tenth',
    });
  });

  it('is written in the dialect of its file, and says nothing where it is not known how it was read', () => {
    const line = { header: HEADER, cells: ['9.99', '1', 'x;y', 'a,b'], raw: '9.99;1;"x;y";a,b' };
    expect(visibleSource(line, MAPPING, { ...DIALECT, delimiter: ';' }).raw).toBe('1;"x;y";a,b;;;;;;');
    expect(visibleSource(line, MAPPING, { ...DIALECT, delimiter: '\t', quote: '' }).raw).toBe('1\tx;y\ta,b\t\t\t\t\t\t');
    expect(visibleSource(line, null, DIALECT)).toEqual({ header: [], cells: [], raw: '' });
  });
});

describe('an event as JSON', () => {
  const shown = (raw: string, mapping: Mapping) => visibleSource({ header: ['event'], cells: [raw], raw }, mapping, NDJSON);
  const events: Mapping = {
    id: 'id',
    customer: 'customer',
    time: 'time',
    measures: [{ meter: { column: 'meter' }, quantity: 'quantity' }],
  };

  it('of our own shape keeps what it is, its numbers as they were written, and none of its properties', () => {
    const raw =
      '{"id":"1","customer":"a","time":"2025-10-01T00:00:00Z","meter":"m","quantity":0.10000000000000000001,"properties":{"cost":"9"}}';
    const text = '{"customer":"a","id":"1","meter":"m","quantity":0.10000000000000000001,"time":"2025-10-01T00:00:00Z"}';
    expect(shown(raw, events)).toEqual({ header: ['event'], cells: [text], raw: text });
  });

  it('of CloudEvents keeps who, what and when, and of its data what was measured', () => {
    const raw = '{"specversion":"1.0","id":"1","source":"/s","type":"m","subject":"a","traceparent":"t","data":{"quantity":"2","cost":9}}';
    expect(shown(raw, events).raw).toBe('{"data":{"quantity":"2"},"id":"1","source":"/s","specversion":"1.0","subject":"a","type":"m"}');
  });

  it('read by a mapping keeps the members that it names, also one that is called as the column of all lines', () => {
    const mapping: Mapping = { ...MAPPING, properties: ['cost'], measures: [{ meter: { column: 'event' }, quantity: 'calls' }] };
    const raw = '{"event":"m","customer":"a","calls":3,"cost":9,"server":"db-7","note":"hi","data":{"quantity":"2"}}';
    expect(shown(raw, mapping).raw).toBe('{"calls":3,"customer":"a","event":"m","note":"hi"}');
  });

  it('that cannot be read says nothing', () => {
    expect(shown('{"cost":', events).raw).toBe('');
  });
});

describe('properties', () => {
  const properties = { cost: '9', note: 'hi', '#10': 'tenth' };

  it('are those for customers, as the mapping names them', () => {
    expect(visibleProperties(own, properties, { mapping: MAPPING, header: HEADER })).toEqual({ note: 'hi', '#10': 'tenth' });
    expect(visibleProperties(own, properties, { mapping: { ...MAPPING, customerVisible: [] }, header: HEADER })).toEqual({});
    expect(visibleProperties(own, properties, undefined)).toEqual({});
  });

  it('are all there for staff', () => {
    expect(visibleProperties(WHOLE_INSTALLATION, properties, undefined)).toBe(properties);
  });
});
