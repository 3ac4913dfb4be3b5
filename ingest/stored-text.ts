/** The text of a received file, as everything reads it that goes through all of its rows. */
import { rm } from 'node:fs/promises';
import { ProblemError } from '../core/errors.ts';
import { contentPart } from '../platform/file-store/file-store.ts';
import type { Platform } from '../platform/platform.ts';
import type { FileToCheck } from './csv/event-contents.ts';
import { checkIds } from './csv/id-check.ts';
import { resolveMapping } from './csv/mapping.ts';
import type { Interpretation, Receipt } from './import-store.ts';

export type StoredText = FileToCheck;

/** The caller removes the scratch directory. */
export async function openStoredText(
  { files, clock, instance }: Platform,
  importId: string,
  { receipt, reading }: { receipt: Receipt; reading: Interpretation },
): Promise<StoredText> {
  const { dialect, header, mapping } = reading;
  const resolved = resolveMapping(mapping, header);
  if (!resolved.ok) throw new Error(`import ${importId} was interpreted by a mapping that does not fit its header`);
  const part = contentPart({ compressed: receipt.compressed, encoding: dialect.encoding });
  return {
    open: async (start) => (await files.read(importId, part, { start })) as AsyncIterable<Uint8Array>,
    dialect,
    mapping: resolved.resolved,
    nowMs: clock.now().getTime(),
    scratchDirectory: await files.scratchDirectory(importId, instance),
  };
}

/** Throws `id_not_unique`. Answers whether two events may have one id, which is fine where they are the same. */
export async function requireUniqueIds(text: StoredText): Promise<{ repeats: boolean }> {
  const { fault, repeats } = await checkIds(text);
  if (fault)
    throw new ProblemError(fault.code, fault.message, { errors: [{ path: 'mapping/id', code: fault.code, message: fault.message }] });
  return { repeats };
}

/** As `requireUniqueIds`, of a file that is not read any further here. */
export async function checkStoredIds(
  platform: Platform,
  importId: string,
  read: { receipt: Receipt; reading: Interpretation },
): Promise<void> {
  if (read.reading.identity !== 'id-column') return;
  const text = await openStoredText(platform, importId, read);
  try {
    await requireUniqueIds(text);
  } finally {
    await rm(text.scratchDirectory, { recursive: true, force: true });
  }
}
