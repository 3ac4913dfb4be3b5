/** Runs a whole file through `processFile` and collects what comes out. For tests. */
import { createHash } from 'node:crypto';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { detectDialect } from '../../ingest/csv/dialect.ts';
import type { RejectedRow } from '../../ingest/csv/faults.ts';
import { resolveMapping } from '../../ingest/csv/mapping.ts';
import { processFile } from '../../ingest/csv/process.ts';
import type { ProcessOptions } from '../../ingest/csv/process.ts';
import type { Mapping } from '../../schemas/http/imports.ts';
import { decodeUsageEvent, encodeUsageEvent } from '../../schemas/usage-event.ts';
import type { UsageEvent } from '../../schemas/usage-event.ts';

const NOW_MS = Date.UTC(2026, 10, 23);

export interface ProcessedFile {
  events: UsageEvent[];
  rejects: RejectedRow[];
  rowsRead: number;
  rowsRejected: number;
  rowEnds: number[];
  eventCount: number;
  bytesRead: number;
}

/** Every payload is also decoded, encoded again and compared. */
export async function processText(
  content: Buffer | string,
  mapping: Mapping,
  options: Partial<ProcessOptions> = {},
): Promise<ProcessedFile> {
  const bytes = Buffer.from(content);
  const detected = detectDialect(bytes.subarray(0, 262_144), {}, bytes.length <= 262_144);
  if (!detected.ok) throw new Error(detected.fault.message);
  const resolved = resolveMapping(mapping, detected.header);
  if (!resolved.ok) throw new Error(resolved.errors.map(({ message }) => message).join());
  async function* from(start: number) {
    for (let at = start; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
  }
  const result: ProcessedFile = {
    events: [],
    rejects: [],
    rowsRead: 0,
    rowsRejected: 0,
    rowEnds: [],
    eventCount: 0,
    bytesRead: 0,
  };
  const scratchDirectory = await mkdtemp(join(tmpdir(), 'process-'));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const chunks = processFile({
    open: async (start) => from(start),
    dialect: detected.dialect,
    mapping: resolved.resolved,
    importId: '7',
    sha256,
    nowMs: NOW_MS,
    scratchDirectory,
    ...options,
  });
  for await (const chunk of chunks) {
    chunk.payloads.forEach((payload, index) => {
      const decoded = decodeUsageEvent(payload);
      if (!decoded.ok) throw new Error(decoded.failure.message);
      expect(encodeUsageEvent(decoded.event)).toBe(payload);
      expect(chunk.customers[index]).toBe(decoded.event.customer);
      result.events.push(decoded.event);
    });
    result.rejects.push(...chunk.rejects);
    result.rowEnds.push(chunk.rowsRead);
    const { rowsRead, rowsRejected, events: eventCount, bytesRead } = chunk;
    Object.assign(result, { rowsRead, rowsRejected, eventCount, bytesRead });
  }
  expect(result.rejects).toHaveLength(result.rowsRejected);
  // Working files are gone by now; a directory that is not empty makes this fail.
  await rmdir(scratchDirectory);
  return result;
}

/** Customer and id of every event: what makes it the same event. */
export const identitiesOf = ({ events }: ProcessedFile) => events.map(({ id, customer }) => `${customer} ${id}`);

export const CALLS: Mapping = { customer: 'customer', time: 'time', measures: [{ meter: { const: 'calls' }, quantity: 'n' }] };
