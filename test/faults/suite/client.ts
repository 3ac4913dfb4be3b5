/** Somebody who does what they came for, whatever breaks: every call is made again until it is answered. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Import } from '../../../schemas/http/imports.ts';
import { importPath } from '../../support/imports.ts';
import type { System } from './system.ts';
import type { UsageFile } from './workload.ts';

/** Between two tries of a call. */
const AGAIN_MS = 100;
/** A call that is answered by nobody, as its process is frozen or its server silent, is given up and made again. */
const CALL_MS_MAX = 15_000;

export interface Client {
  /** The import's id. Sent with a key, so that however often it is sent it is one import. */
  upload(file: UsageFile, key: string): Promise<string>;
  read(id: string): Promise<Import>;
  /** Of one import, when it has ended. */
  ended(id: string): Promise<Import>;
  /** Also where an invoice is final: the next ones adjust. */
  undo(id: string): Promise<void>;
  /** Any other call; the parsed answer. `refusals` are statuses that are an answer too. */
  json<T>(path: string, init?: RequestInit, options?: Refusals): Promise<T>;
}

interface Refusals {
  refusals: readonly number[];
}

const NONE: Refusals = { refusals: [] };

/** Throws what is no fault of the installation: an answer that says that the call was wrong. Gives up when the signal fires. */
export function createClient(system: System, signal: AbortSignal): Client {
  async function answered(path: string, init: RequestInit = {}, { refusals }: Refusals = NONE): Promise<string> {
    for (;;) {
      signal.throwIfAborted();
      const answer = await attempt(path, init).catch((error: unknown) => error as Error);
      if (answer instanceof Error || answer.status >= 500 || (answer.status === 409 && isMomentary(answer.text))) await pause(AGAIN_MS);
      else if (answer.status >= 400 && !refusals.includes(answer.status))
        throw new Error(`${init.method ?? 'GET'} ${path}: ${answer.status} ${answer.text}`);
      else return answer.text;
    }
  }

  async function attempt(path: string, init: RequestInit): Promise<{ status: number; text: string }> {
    const response = await system.call(path, { ...init, signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS_MAX)]) });
    return { status: response.status, text: await response.text() };
  }

  const json = async <T>(path: string, init?: RequestInit, options?: Refusals) => JSON.parse(await answered(path, init, options)) as T;
  const read = (id: string) => json<Import>(`/v1/imports/${id}`);
  return {
    json,
    read,
    async upload(file, key) {
      const path = importPath({ name: file.name, mapping: file.mapping, wait: false });
      const headers = { 'content-type': 'text/csv', 'idempotency-key': key };
      return (await json<Import>(path, { method: 'POST', body: file.text, headers })).id;
    },
    async ended(id) {
      for (;;) {
        const view = await read(id);
        if (['complete', 'failed', 'undone'].includes(view.status)) return view;
        await pause(AGAIN_MS);
      }
    },
    async undo(id) {
      await answered(`/v1/imports/${id}/undo?adjust=true`, { method: 'POST' });
    },
  };
}

/** An earlier try of the same upload is still under way. */
function isMomentary(problem: string): boolean {
  return problem.includes('Idempotency-Key');
}
