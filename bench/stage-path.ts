/**
 * The stages of an import one after the other, each alone, in a process of its own: `node stage-path.ts LAST FILE DIRECTORY ROWS` runs them up to
 * the stage LAST, and prints what that one took as a line of JSON. What comes before a stage is done and not measured, so `publish` has its events at
 * hand, `records` a log that is filled, `rollups` the records in Postgres and nothing in memory.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Decimal } from 'decimal.js';
import { detectDialect } from '../ingest/csv/dialect.ts';
import { HEAD_BYTES_MAX } from '../ingest/csv/encoding.ts';
import { resolveMapping } from '../ingest/csv/mapping.ts';
import { processFile, type ProcessedChunk } from '../ingest/csv/process.ts';
import { readRows } from '../ingest/csv/read-rows.ts';
import { Outbox } from '../ingest/outbox.ts';
import { decodeUsageEvent } from '../schemas/usage-event.ts';
import { eventsInLog } from '../test/support/log-events.ts';
import type { UsageSum } from './generate.ts';
import { BENCH_MAPPING } from './mapping.ts';
import { embeddedCpu, measureRate, type Rate } from './rates.ts';
import { openStageStores, runRecords, runRollups, type StageStores } from './stage-stores.ts';

export const STAGES = ['parse', 'map', 'publish', 'records', 'rollups'] as const;
export type Stage = (typeof STAGES)[number];

/** What a process of this file prints; `stored` was read back after the stage. */
export interface StageResult extends Rate {
  stored: UsageSum;
}

/** Events are made in blocks of so many, and then published: memory holds no more of them. */
const BLOCK_EVENTS = 200_000;
const QUANTITY_COLUMN = 4;

const [last = '', file = '', directory = '', rowsText = ''] = process.argv.slice(2);
const rows = Number(rowsText);
const meter = embeddedCpu(process);
const content = () => createReadStream(file) as AsyncIterable<Uint8Array>;
console.log(JSON.stringify(await runStage(last as Stage)));

async function runStage(stage: Stage): Promise<StageResult> {
  if (stage === 'parse') return parse();
  if (stage === 'map') return map();
  const stores = await openStageStores(directory, rows);
  try {
    const published = await publish(stores);
    if (stage === 'publish') return { ...published, stored: await sumOfLog(stores) };
    const records = await measureRate(rows, meter, () => runRecords(stores));
    if (stage === 'records') return { ...plain(records), stored: await stores.sumOfRecords() };
    const rollups = await measureRate(rows, meter, () => runRollups(stores));
    return { ...plain(rollups), stored: await stores.sumOfRollups() };
  } finally {
    await stores.close();
  }
}

/** File → rows: the cells as text. */
async function parse(): Promise<StageResult> {
  const { dialect, width } = await readHead();
  const read = async (visit: (cells: readonly string[]) => void) => {
    let count = 0;
    for await (const batch of readRows(content(), { dialect, width })) {
      if (batch.fileFault) throw new Error(batch.fileFault.message);
      batch.cells.forEach(visit);
      count += batch.cells.length;
    }
    return count;
  };
  const rate = await measureRate(rows, meter, () => read(() => undefined));
  let total = new Decimal(0);
  await read((cells) => (total = total.plus(cells[QUANTITY_COLUMN] ?? 0)));
  return { ...plain(rate), stored: { rows: rate.result, total: total.toFixed() } };
}

/** File → encoded events. */
async function map(): Promise<StageResult> {
  const count = async (visit: (chunk: ProcessedChunk) => void) => {
    let events = 0;
    for await (const chunk of await chunks()) {
      visit(chunk);
      events += chunk.payloads.length;
    }
    return events;
  };
  const rate = await measureRate(rows, meter, () => count(() => undefined));
  let total = new Decimal(0);
  await count(({ payloads }) => {
    for (const payload of payloads) total = total.plus(quantityOf(payload));
  });
  return { ...plain(rate), stored: { rows: rate.result, total: total.toFixed() } };
}

/** Encoded events → durable in the log. Only the time of publishing counts, block by block. */
async function publish({ log }: StageStores): Promise<Rate> {
  let all: Rate = { rows, seconds: 0, cpu: {} };
  let block: ProcessedChunk[] = [];
  let events = 0;
  const send = async () => {
    const outbox = new Outbox(log);
    const { seconds, cpu } = await measureRate(events, meter, async () => {
      for (const chunk of block) {
        outbox.add(chunk);
        if (outbox.full) await outbox.send(() => Promise.resolve());
      }
      await outbox.send(() => Promise.resolve());
      await outbox.settle();
    });
    const sums = Object.entries(cpu).map(([part, used]) => [part, (all.cpu[part] ?? 0) + used]);
    all = { rows, seconds: all.seconds + seconds, cpu: Object.fromEntries(sums) as Rate['cpu'] };
    [block, events] = [[], 0];
  };
  for await (const chunk of await chunks()) {
    block.push(chunk);
    events += chunk.payloads.length;
    if (events >= BLOCK_EVENTS) await send();
  }
  if (events > 0) await send();
  return all;
}

async function chunks(): Promise<AsyncGenerator<ProcessedChunk, void>> {
  const { dialect, header } = await readHead();
  const resolved = resolveMapping(BENCH_MAPPING, header);
  if (!resolved.ok) throw new Error('the mapping does not fit');
  const source = {
    open: (startByte: number) => Promise.resolve(createReadStream(file, { start: startByte }) as AsyncIterable<Uint8Array>),
  };
  const options = { dialect, mapping: resolved.resolved, importId: '1', sha256: '', nowMs: Date.now(), scratchDirectory: directory };
  return processFile({ ...source, ...options });
}

async function readHead() {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(HEAD_BYTES_MAX) });
    const detected = detectDialect(buffer.subarray(0, bytesRead), {}, bytesRead < HEAD_BYTES_MAX);
    if (!detected.ok) throw new Error(detected.fault.message);
    return { ...detected, width: detected.header.length };
  } finally {
    await handle.close();
  }
}

async function sumOfLog({ log }: StageStores): Promise<UsageSum> {
  const events = await eventsInLog(log);
  return { rows: events.length, total: events.reduce((sum, { quantity }) => sum.plus(quantity), new Decimal(0)).toFixed() };
}

function quantityOf(payload: string): string {
  const decoded = decodeUsageEvent(payload);
  if (!decoded.ok) throw new Error(`an event that cannot be read: ${payload}`);
  return decoded.event.quantity;
}

function plain({ seconds, cpu }: Rate): Rate {
  return { rows, seconds, cpu };
}
