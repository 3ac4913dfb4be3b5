/** Waiting for an import: woken by the channel `imports`, ended by its final state. */
import { isConnectionError } from '../platform/http/problems.ts';
import type { Postgres } from '../platform/postgres/postgres.ts';
import { Waker } from '../platform/waker.ts';
import type { Import } from '../schemas/http/imports.ts';
import { readImport } from './import-view.ts';

/** A lost notification delays the answer by no more than this. */
const RECHECK_MS = 2_000;

export function isFinal(view: Import): boolean {
  return view.status === 'complete' || view.status === 'failed' || view.status === 'undone';
}

/** The import as it is after each change, at most one per `intervalMs`; ends with its final state or the signal. */
export async function* followImport(postgres: Postgres, id: string, intervalMs: number, signal: AbortSignal): AsyncGenerator<Import> {
  const waker = new Waker();
  const unlisten = await postgres.listen('imports', (changed) => {
    if (changed === id || changed === '') waker.wake();
  });
  try {
    for (;;) {
      const view = await readImport(postgres, id);
      if (!view || signal.aborted) return;
      yield view;
      if (isFinal(view)) return;
      if (intervalMs > 0) await new Waker().wait(intervalMs, signal);
      await waker.wait(RECHECK_MS, signal);
    }
  } finally {
    await unlisten();
  }
}

/**
 * The import once it is final, or as it is when the signal fires. It is accepted: that Postgres is away for a while is no reason to
 * tell the sender otherwise.
 */
export async function waitForImport(postgres: Postgres, id: string, signal: AbortSignal): Promise<Import> {
  for (;;) {
    try {
      let last: Import | undefined;
      for await (const view of followImport(postgres, id, 0, signal)) last = view;
      last ??= await readImport(postgres, id);
      if (!last) throw new Error(`import ${id} is gone`);
      return last;
    } catch (error) {
      if (!isConnectionError(error) || signal.aborted) throw error;
      await new Waker().wait(RECHECK_MS, signal);
    }
  }
}
