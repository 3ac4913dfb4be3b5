/** Waiting for an import: woken by the channel `imports`, ended by its final state. */
import type { ImportScope } from '../platform/access/import-scope.ts';
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
export async function* followImport(
  postgres: Postgres,
  scope: ImportScope,
  id: string,
  { intervalMs, signal }: { intervalMs: number; signal: AbortSignal },
): AsyncGenerator<Import> {
  const waker = new Waker();
  const unlisten = await postgres.listen('imports', (changed) => {
    if (changed === id || changed === '') waker.wake();
  });
  try {
    for (;;) {
      const view = await readImport(postgres, scope, id);
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
export async function waitForImport(postgres: Postgres, scope: ImportScope, id: string, signal: AbortSignal): Promise<Import> {
  for (;;) {
    try {
      let last: Import | undefined;
      for await (const view of followImport(postgres, scope, id, { intervalMs: 0, signal })) last = view;
      last ??= await readImport(postgres, scope, id);
      if (!last) throw new Error(`import ${id} is gone`);
      return last;
    } catch (error) {
      if (!isConnectionError(error) || signal.aborted) throw error;
      await new Waker().wait(RECHECK_MS, signal);
    }
  }
}
