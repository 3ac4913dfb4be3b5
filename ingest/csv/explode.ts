/**
 * Turns rows into encoded usage events by a resolved mapping. Compiled once per file; nothing is allocated per row but the texts
 * themselves. What it writes is what `encodeUsageEvent` would write. One bad measure rejects the whole row.
 */
import { explainNumber } from '../../core/decimal-hints.ts';
import { createDecimalReader } from '../../core/decimal-text.ts';
import type { DecimalFault, DecimalReader, DecimalStyle } from '../../core/decimal-text.ts';
import { joinIdCells } from '../../core/identity.ts';
import { createInstantReader } from '../../core/instant.ts';
import type { InstantReader } from '../../core/instant.ts';
import { CUSTOMER_LENGTH_MAX, ENCODED_EVENT_BYTES_MAX, KEY_LENGTH_MAX, USAGE_EVENT_VERSION } from '../../schemas/usage-event.ts';
import type { RowFault, RowFaultCode } from './faults.ts';
import { createKeyEncoder } from './key-encoder.ts';
import type { KeyEncoder } from './key-encoder.ts';
import type { CellSource, ResolvedMapping } from './mapping.ts';

/** Events of several rows: customers[i] is the partition key of payloads[i]. */
export interface EventBatch {
  customers: string[];
  payloads: string[];
}

export interface ExploderOptions {
  mapping: ResolvedMapping;
  /** Decimal string of a 64-bit integer. */
  importId: string;
  nowMs: number;
}

export interface Exploder {
  /** Reads the row. A fault, or undefined: then it has at least one event, and `push` may be called, once or never. */
  check(cells: readonly string[]): RowFault | undefined;
  /** The id by the id columns of the row just checked. Only where the mapping has some. */
  givenId(): string;
  /** Adds the events of the row just checked; returns the fault of an id that became too long, or of an event. `properties`: the text
   *  of a JSON object with sorted names, in place of the mapped columns. */
  push(id: string, line: number, out: EventBatch, properties?: string): RowFault | undefined;
  /** Events of the row just checked. */
  readonly eventCount: number;
}

interface Measure {
  meterColumn: number;
  meterConstant: string;
  quantityColumn: number;
  quantityConstant: string;
  skipEmpty: boolean;
  style: DecimalStyle;
  read: DecimalReader;
}

/** Longest text of a property list that surely fits an event, whatever has to be escaped: each character may take 12 bytes. */
const PROPERTIES_LENGTH_SAFE = ENCODED_EVENT_BYTES_MAX / 16;

const BEGINNING = `{"v":${USAGE_EVENT_VERSION},"id":`;

export function createExploder(options: ExploderOptions): Exploder {
  return new RowExploder(options);
}

class RowExploder implements Exploder {
  readonly #mapping: ResolvedMapping;
  readonly #measures: readonly Measure[];
  readonly #readInstant: InstantReader;
  readonly #customers: KeyEncoder = createKeyEncoder('c');
  readonly #meterKeys: KeyEncoder = createKeyEncoder('m');
  readonly #nulls: ReadonlySet<string>;
  readonly #customerColumn: number;
  readonly #customerConstant: string;
  readonly #suffixed: readonly boolean[];
  readonly #propertyLabels: readonly string[];
  readonly #importText: string;
  /** The events of the row, in the first `#count` places: arrays that were emptied for each row would be allocated for each row. */
  readonly #meters: string[] = [];
  readonly #quantities: string[] = [];
  readonly #suffixes: boolean[] = [];
  #count = 0;
  #cells: readonly string[] = [];
  #customer = '';
  #time = '';

  constructor({ mapping, importId, nowMs }: ExploderOptions) {
    this.#mapping = mapping;
    this.#measures = mapping.measures.map(({ meter, quantity, skipEmpty, style }) => ({
      meterColumn: columnOf(meter),
      meterConstant: constantOf(meter),
      quantityColumn: columnOf(quantity),
      quantityConstant: constantOf(quantity),
      skipEmpty,
      style,
      read: createDecimalReader(style),
    }));
    this.#suffixed = this.#measures.map(({ meterColumn }) => meterColumn === -1 || this.#measures.length > 1);
    this.#readInstant = createInstantReader({ timeZone: mapping.timeZone, timeFormat: mapping.timeFormat, nowMs });
    this.#nulls = mapping.nullTokens;
    this.#customerColumn = columnOf(mapping.customer);
    this.#customerConstant = constantOf(mapping.customer);
    this.#propertyLabels = mapping.properties.map(({ name }) => `${JSON.stringify(name)}:`);
    this.#importText = `,"i":"${importId}","l":`;
  }

  get eventCount(): number {
    return this.#count;
  }

  check(cells: readonly string[]): RowFault | undefined {
    this.#cells = cells;
    for (const { column, values } of this.#mapping.only) {
      const cell = cells[column] as string;
      if (!values.has(cell))
        return this.#fault('not_selected', column, `"${shorten(cell)}" is not among the values that the mapping takes`);
    }
    for (const column of this.#mapping.id) {
      if (this.#isNull(cells[column] as string)) return this.#fault('missing_id', column, 'the id is empty');
    }
    const customerColumn = this.#customerColumn;
    if (customerColumn === -1) this.#customer = this.#customerConstant;
    else {
      const customer = cells[customerColumn] as string;
      if (this.#isNull(customer)) return this.#fault('missing_customer', customerColumn, 'the customer is empty');
      if (customer.length > CUSTOMER_LENGTH_MAX) return this.#tooLong('customer_too_long', customerColumn, customer, CUSTOMER_LENGTH_MAX);
      this.#customer = customer;
    }
    let timeCell = cells[this.#mapping.time] as string;
    if (this.#isNull(timeCell)) return this.#fault('missing_time', this.#mapping.time, 'the time is empty');
    for (const column of this.#mapping.timeRest) {
      const rest = cells[column] as string;
      if (this.#isNull(rest)) return this.#fault('missing_time', column, 'a part of the time is empty');
      timeCell += ` ${rest}`;
    }
    const time = this.#readInstant(timeCell);
    if (typeof time !== 'string') return this.#fault(time.code, this.#mapping.time, `"${shorten(timeCell)}": ${time.message}`);
    this.#time = time;
    return this.#checkMeasures(cells);
  }

  #checkMeasures(cells: readonly string[]): RowFault | undefined {
    this.#count = 0;
    for (let i = 0; i < this.#measures.length; i += 1) {
      const measure = this.#measures[i] as Measure;
      const { quantityColumn, meterColumn } = measure;
      let quantity = measure.quantityConstant;
      if (quantityColumn !== -1) {
        const cell = cells[quantityColumn] as string;
        if (this.#isNull(cell)) {
          if (measure.skipEmpty) continue;
          return this.#fault('missing_quantity', quantityColumn, 'the quantity is empty');
        }
        const decimal = measure.read(cell);
        if (typeof decimal !== 'string') return this.#fault(decimal.code, quantityColumn, describeNumber(cell, measure.style, decimal));
        quantity = decimal;
      }
      let meter = measure.meterConstant;
      if (meterColumn !== -1) {
        meter = cells[meterColumn] as string;
        if (this.#isNull(meter)) return this.#fault('missing_meter', meterColumn, 'the meter is empty');
        if (meter.length > KEY_LENGTH_MAX) return this.#tooLong('meter_too_long', meterColumn, meter);
      }
      if (this.#count > 0 && this.#hasMeter(meter)) {
        return this.#fault('duplicate_meter', meterColumn, `two measures of the row have the meter "${shorten(meter)}"`);
      }
      this.#meters[this.#count] = meter;
      this.#quantities[this.#count] = quantity;
      this.#suffixes[this.#count] = this.#suffixed[i] as boolean;
      this.#count += 1;
    }
    // Each row read is new, known, in conflict or rejected: one that measures nothing at all must be in one of these, too.
    if (this.#count === 0) return this.#fault('missing_quantity', -1, 'every quantity of the row is empty');
    return undefined;
  }

  #hasMeter(meter: string): boolean {
    for (let i = 0; i < this.#count; i += 1) if (this.#meters[i] === meter) return true;
    return false;
  }

  givenId(): string {
    const { id } = this.#mapping;
    if (id.length === 1) return this.#cells[id[0] as number] as string;
    return joinIdCells(id.map((column) => this.#cells[column] as string));
  }

  push(id: string, line: number, out: EventBatch, given?: string): RowFault | undefined {
    const count = this.#count;
    for (let i = 0; i < count; i += 1) {
      const length = this.#suffixes[i] === true ? id.length + 1 + (this.#meters[i] as string).length : id.length;
      if (length > KEY_LENGTH_MAX) return this.#tooLong('id_too_long', this.#mapping.id[0] ?? -1, id);
    }
    const customer = this.#customers(this.#customer);
    const properties = given === undefined ? this.#properties() : JSON.stringify(given);
    const tail = `,"p":${properties}${this.#importText}${line}}`;
    if (properties.length > PROPERTIES_LENGTH_SAFE && Buffer.byteLength(tail) > ENCODED_EVENT_BYTES_MAX / 2) {
      return this.#fault(
        'event_too_large',
        -1,
        'the properties of the row are larger than an event may be; keep fewer columns as properties',
      );
    }
    for (let i = 0; i < count; i += 1) {
      const meter = this.#meters[i] as string;
      const eventId = this.#suffixes[i] === true ? `${id}:${meter}` : id;
      out.customers.push(customer.text);
      out.payloads.push(
        BEGINNING +
          JSON.stringify(eventId) +
          customer.member +
          this.#meterKeys(meter).member +
          `,"t":"${this.#time}","q":"${this.#quantities[i]}"${tail}`,
      );
    }
    return undefined;
  }

  /** The properties as a JSON string that holds a JSON object, keys sorted. Cells that say nothing are left out. */
  #properties(): string {
    const { properties } = this.#mapping;
    if (properties.length === 0) return '"{}"';
    let text = '';
    for (let i = 0; i < properties.length; i += 1) {
      const cell = this.#cells[(properties[i] as { column: number }).column] as string;
      if (cell === '' || this.#nulls.has(cell)) continue;
      text += (text === '' ? '' : ',') + (this.#propertyLabels[i] as string) + JSON.stringify(cell);
    }
    return JSON.stringify(`{${text}}`);
  }

  /** Empty, nothing but blanks, or declared to mean nothing. */
  #isNull(cell: string): boolean {
    return cell === '' || (this.#nulls.size > 0 && this.#nulls.has(cell)) || (cell.charCodeAt(0) <= 0x20 && cell.trim() === '');
  }

  #tooLong(code: RowFaultCode, column: number, text: string, lengthMax = KEY_LENGTH_MAX): RowFault {
    return this.#fault(code, column, `"${shorten(text)}" leads to more than ${lengthMax} characters`);
  }

  #fault(code: RowFaultCode, column: number, message: string): RowFault {
    return { code, column: column === -1 ? null : this.#mapping.header[column] || `#${column + 1}`, message };
  }
}

function describeNumber(cell: string, style: DecimalStyle, { code, message }: DecimalFault): string {
  return `"${shorten(cell)}": ${code === 'invalid_number' ? explainNumber(cell, style) : message}`;
}

function columnOf(source: CellSource): number {
  return 'column' in source ? source.column : -1;
}

function constantOf(source: CellSource): string {
  return 'const' in source ? source.const : '';
}

const SHOWN_LENGTH_MAX = 60;

function shorten(text: string): string {
  // Cut between the halves of a character it would no longer be text that Postgres takes.
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX).toWellFormed()}…` : text;
}
