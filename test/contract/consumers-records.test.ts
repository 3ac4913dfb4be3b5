/** What the records consumer promises: identity decided once, in one transaction with the offset, and nothing that stops it. */
import { describe, expect, it } from 'vitest';
import { decodeBatch } from '../../consumers/steps/decode.ts';
import type { UsageEvent } from '../../schemas/usage-event.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { POISON } from '../support/poison-events.ts';
import { seededRandom, testSeed } from '../support/random.ts';
import { usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;

usePipeline({ partitions: 1 }, (opened) => {
  pipeline = opened;
});

const first = usageEvent();
const again = usageEvent({ importId: '2', line: 7 });
const other = usageEvent({ importId: '3', line: 9, quantity: '2' });
const rowsOf = (table: string) =>
  pipeline.query<{ [column: string]: unknown }>(
    `SELECT customer, id, import_id, line, meter, "offset", idx FROM ${table} ORDER BY "offset"`,
  );

describe('the same customer and id', () => {
  it('is billed once; with equal content it is a duplicate, kept as a witness, counted, and known from the first import', async () => {
    await pipeline.append([first]);
    await pipeline.append([again]);
    await pipeline.drain();
    expect(await rowsOf('usage_records')).toMatchObject([{ import_id: '1', line: '2', offset: '0' }]);
    expect(await rowsOf('witnesses')).toEqual([
      { customer: 'acme', id: 'event-1', import_id: '2', line: '7', meter: 'requests', offset: '1', idx: 0 },
    ]);
    expect(await pipeline.counts('1')).toEqual({ accepted: 1, duplicate: 0, conflict: 0, redelivered: 0 });
    expect(await pipeline.counts('2')).toEqual({ accepted: 0, duplicate: 1, conflict: 0, redelivered: 0 });
    expect(await pipeline.query('SELECT * FROM import_known_from')).toEqual([{ import_id: '2', from_import_id: '1', events: '1' }]);
    expect(await pipeline.marks()).toEqual(['0:1']);
    expect(await pipeline.usage()).toEqual(await pipeline.records());
  });

  it.each<[string, Partial<UsageEvent>]>([
    ['meter', { meter: 'tokens' }],
    ['time', { time: '2026-10-01T05:10:11.123457Z' }],
    ['quantity', { quantity: '1.500000000000000001' }],
    ['properties', { properties: '{"region":"us"}' }],
  ])('with another %s is a conflict: kept whole, counted, and not billed', async (_, change) => {
    const conflicting = usageEvent({ importId: '2', line: 7, ...change });
    await pipeline.append([first]);
    await pipeline.append([conflicting]);
    await pipeline.drain();
    expect(await pipeline.records()).toHaveLength(1);
    const [kept] = await pipeline.query(
      `SELECT id, customer, meter, to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time, quantity::text AS quantity,
              properties, import_id AS "importId", line::int AS line, "offset", status FROM conflicts`,
    );
    expect(kept).toEqual({ ...conflicting, offset: '1', status: 'open' });
    expect(await rowsOf('witnesses')).toEqual([]);
    expect(await pipeline.counts('2')).toEqual({ accepted: 0, duplicate: 0, conflict: 1, redelivered: 0 });
    expect(await pipeline.query('SELECT * FROM import_known_from')).toEqual([]);
    expect(await pipeline.marks()).toEqual(['0:1']);
    expect(await pipeline.usage()).toEqual(await pipeline.records());
  });

  it('of another customer is another event', async () => {
    await pipeline.append([first, usageEvent({ customer: 'other' })]);
    await pipeline.drain();
    expect(await pipeline.records()).toHaveLength(2);
  });

  it.each([
    ['accepted', first, []],
    ['a duplicate', again, ['0:1']],
    ['a conflict', other, ['0:2']],
  ])('from the same line and meter, after it was %s, is a redelivery: in no count and kept nowhere', async (_, event) => {
    const tables = ['usage_records', 'witnesses', 'conflicts'];
    await pipeline.append([first, again, other]);
    await pipeline.drain();
    const kept = async () => ({
      rows: await Promise.all(tables.map(rowsOf)),
      counts: { ...(await pipeline.counts(event.importId)), redelivered: 0 },
      usage: await pipeline.usage(),
    });
    const before = await kept();
    await pipeline.append([event]);
    await pipeline.append([event, event]);
    await pipeline.drain();
    expect((await pipeline.counts(event.importId)).redelivered).toBe(3);
    expect(await kept()).toEqual(before);
    expect(await pipeline.marks()).toEqual(['0:1', '0:2', '0:3', '0:4', '0:5']);
  });

  it('several times in one batch is decided by position: the first wins, its redelivery counts nowhere, whatever their order by content', async () => {
    await pipeline.append([other, again, first, other, again, first, usageEvent({ importId: '4', line: 1, quantity: '2' })]);
    await pipeline.drain();
    expect(await rowsOf('usage_records')).toMatchObject([{ import_id: '3', offset: '0' }]);
    expect(await rowsOf('conflicts')).toMatchObject([
      { import_id: '2', offset: '1' },
      { import_id: '1', offset: '2' },
    ]);
    expect(await rowsOf('witnesses')).toMatchObject([{ import_id: '4', offset: '6' }]);
    expect(
      await pipeline.query('SELECT import_id, accepted, duplicate, conflict, redelivered FROM import_partitions ORDER BY import_id'),
    ).toEqual([
      { import_id: '1', accepted: '0', duplicate: '0', conflict: '1', redelivered: '1' },
      { import_id: '2', accepted: '0', duplicate: '0', conflict: '1', redelivered: '1' },
      { import_id: '3', accepted: '1', duplicate: '0', conflict: '0', redelivered: '1' },
      { import_id: '4', accepted: '0', duplicate: '1', conflict: '0', redelivered: '0' },
    ]);
  });
});

describe('messages', () => {
  it('that are no event become dead letters with their position, whole, and the events around them go through', async () => {
    const storable = POISON.filter(([, payload]) => !payload.includes('\n'));
    expect(storable).toHaveLength(POISON.length);
    await pipeline.append([first, ...POISON.map(([, payload]) => payload), usageEvent({ id: 'last', line: 3 })]);
    await pipeline.append([usageEvent({ id: 'later', line: 4 })]);
    await pipeline.drain();
    const letters = await pipeline.query(
      'SELECT epoch, partition, "offset"::int AS "offset", idx, code, payload FROM dead_letters ORDER BY "offset"',
    );
    expect(letters).toEqual(
      POISON.map(([, payload, code], at) => ({ epoch: pipeline.epoch, partition: 0, offset: at + 1, idx: 0, code, payload })),
    );
    expect((await pipeline.records()).map(({ offset }) => Number(offset))).toEqual([0, POISON.length + 1, POISON.length + 2]);
    expect(await pipeline.usage()).toEqual(await pipeline.records());
    expect(await pipeline.marks()).toEqual(POISON.map((_, at) => `0:${at + 1}`));
  });

  it('with a NUL as it stands, which only other logs can hold, become dead letters too', async () => {
    await pipeline.append([first]);
    const batch = await pipeline.nextBatch();
    const payloads = ['a\0b', JSON.stringify(first)];
    const poisoned = decodeBatch(
      { partition: 0, firstOffset: 0, nextOffset: 2, payloads, offsets: [0, 1], indexes: [3, 4] },
      pipeline.epoch,
    );
    expect((await pipeline.commit(poisoned)).fenced).toBe(false);
    expect(await pipeline.query('SELECT "offset", idx, payload FROM dead_letters ORDER BY "offset"')).toEqual([
      { offset: '0', idx: 3, payload: 'a\\u0000b' },
      { offset: '1', idx: 4, payload: payloads[1] },
    ]);
    expect((await pipeline.commit(batch)).fenced).toBe(true);
  });

  const seed = testSeed();
  it(`of any text that decodes are stored by both stores unchanged (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const odd = [
      '\\',
      '\t',
      '\n',
      '\r',
      '\\N',
      '\\.',
      '\ufeff',
      ' ',
      '\u0001',
      '\b',
      '\f',
      '\v',
      '\u001b',
      '\u007f',
      '\u0085',
      '\u2028',
      "'",
      '"',
      '{',
      'ß',
      '✓',
      '😀',
    ];
    const text = () => Array.from({ length: 1 + Math.floor(random() * 4) }, () => odd[Math.floor(random() * odd.length)]).join('');
    const names = [...odd, ...Array.from({ length: 2_000 }, text)];
    const events = names.map((name, at) =>
      usageEvent({
        id: `${at}${text()}`,
        customer: name,
        meter: `${text()}`,
        line: at + 1,
        properties: JSON.stringify({ [text()]: text() }),
      }),
    );
    // One range per odd beginning: what begins a whole insert is where formats are touchy.
    for (const event of events.slice(0, odd.length)) {
      await pipeline.append([event]);
      await pipeline.drain();
    }
    await pipeline.append(events.slice(odd.length));
    await pipeline.drain();
    const usage = await pipeline.usage();
    expect(usage.map(({ customer, meter }) => ({ customer, meter }))).toEqual(events.map(({ customer, meter }) => ({ customer, meter })));
    expect(await pipeline.records()).toEqual(usage);
    const rows = await pipeline.query('SELECT id, properties FROM usage_records ORDER BY "offset"');
    expect(rows).toEqual(events.map(({ id, properties }) => ({ id, properties })));
  });

  it('with the longest names there can be, which do not compress, are taken as row, witness and conflict', async () => {
    const random = seededRandom(1);
    const name = () => Array.from({ length: 256 }, () => String.fromCharCode(0x4e00 + Math.floor(random() * 20_000))).join('');
    const [customer, id, meter] = [name(), name(), name()];
    await pipeline.append(['1', '1', '2'].map((quantity, at) => usageEvent({ customer, id, meter, quantity, line: at + 2 })));
    await pipeline.drain();
    expect(await pipeline.counts('1')).toEqual({ accepted: 1, duplicate: 1, conflict: 1, redelivered: 0 });
  });
});
