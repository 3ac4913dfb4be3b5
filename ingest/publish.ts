/**
 * Publishes one import: file → rows → events → log, with a checkpoint after each acknowledged batch.
 *
 * Whatever cuts it off, the events that the log has are known by their import and line: reading the file again and publishing
 * from the checkpoint on adds only redeliveries, which count nowhere. So does a publisher who was taken for dead and goes on beside
 * its successor: both read the same, what it writes down is fenced by the lease, and its working files are its own.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { contentPart, type FileStore } from '../platform/file-store/file-store.ts';
import type { Platform } from '../platform/platform.ts';
import { LineIndexBuilder, tapLines } from './csv/line-index.ts';
import { resolveMapping } from './csv/mapping.ts';
import { processFile, type ProcessedChunk } from './csv/process.ts';
import { RejectedCsvWriter, RejectSummary } from './csv/rejects.ts';
import { checkpoint, finishPublishing, type Checkpoint, type LeasedImport } from './import-store.ts';
import { Outbox } from './outbox.ts';

/** Returns when everything is published, soon after the signal fires, or when the lease is lost. */
export async function publishImport(platform: Platform, leased: LeasedImport, signal: AbortSignal): Promise<void> {
  const { files, log, postgres, instance } = platform;
  const { mapping, header, dialect, id } = leased;
  const resolved = resolveMapping(mapping, header);
  if (!resolved.ok) throw new Error(`import ${id} was accepted with a mapping that does not fit its header`);

  const scratchDirectory = await files.scratchDirectory(id, instance);
  const part = contentPart({ compressed: leased.compressed, encoding: dialect.encoding });
  const lines = new LineIndexBuilder(dialect);
  const open = async (start: number) => (await files.read(id, part, { start })) as AsyncIterable<Uint8Array>;
  const chunks = processFile({
    open: async (start) => (start === 0 ? tapLines(await open(0), lines) : open(start)),
    dialect,
    mapping: resolved.resolved,
    importId: id,
    sha256: leased.sha256,
    nowMs: leased.acceptedAtMs,
    scratchDirectory,
    rowsPublished: leased.rowsPublished,
  });
  const rejected = new RejectedCsvWriter({ path: join(scratchDirectory, 'rejected.csv'), dialect, header });
  const summary = new RejectSummary();
  const outbox = new Outbox(log);
  let held = true;
  const acknowledged = async (progress: Checkpoint) => {
    held = await checkpoint(postgres, id, instance, progress);
  };
  try {
    let progress: Checkpoint | undefined;
    for await (const chunk of chunks) {
      summary.add(chunk.rejects);
      await rejected.append(chunk.rejects);
      outbox.add(chunk);
      const done = progressOf(chunk);
      progress = done;
      if (outbox.full) await outbox.send(() => acknowledged(done));
      if (signal.aborted || !held) return await outbox.settle();
    }
    if (!progress) throw new Error(`import ${id}: reading ended without a word`);
    const all = progress;
    await outbox.send(() => acknowledged(all));
    await outbox.settle();
    if (!held) return;
    await keepDerived(files, id, lines, rejected);
    // With what predecessors have left.
    if (await finishPublishing(postgres, id, instance, summary.groups(), await log.endOffsets())) await files.remove(id, 'scratch');
  } finally {
    await rejected.finish();
    await rm(scratchDirectory, { recursive: true, force: true });
  }
}

/** What later questions need: where lines begin, and what was rejected. */
async function keepDerived(files: FileStore, id: string, lines: LineIndexBuilder, rejected: RejectedCsvWriter): Promise<void> {
  await files.write(id, 'lines', lines.read());
  if (await rejected.finish()) await files.write(id, 'rejected', rejected.read() as AsyncIterable<Uint8Array>);
}

function progressOf({ rowsRead, rowsRejected, events, bytesRead }: ProcessedChunk): Checkpoint {
  return { rowsRead, rowsRejected, rowsPublished: rowsRead, eventsPublished: events, bytesRead };
}
