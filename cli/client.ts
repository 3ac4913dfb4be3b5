/** Calls of the HTTP API of a Tallyline that runs. Whatever goes wrong becomes a sentence that says what to do. */
import { readFile } from 'node:fs/promises';
import type { ClientConfig } from './config.ts';
import type { Problem } from '../schemas/http/common.ts';

/** Answers take milliseconds, a replay behind a full log some seconds; a person takes longer for a hang. */
const ANSWER_MS_MAX = 30_000;

export interface Client {
  readonly url: string;
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: object): Promise<T>;
  delete(path: string): Promise<void>;
}

/** The command cannot be carried out; the message is for the terminal. */
export class ClientError extends Error {
  /** HTTP status; undefined where nothing answered. */
  readonly status: number | undefined;
  /** Of the problem that the API answered with. */
  readonly code: string | undefined;

  constructor(message: string, { status, code, cause }: { status?: number; code?: string; cause?: unknown } = {}) {
    super(message, { cause });
    this.name = 'ClientError';
    this.status = status;
    this.code = code;
  }

  /** It may go by itself: a restart, a store that is away, a gateway whose server is. */
  get isPassing(): boolean {
    return this.status === undefined || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

export function createClient({ url, key, adminKeyFile }: ClientConfig): Client {
  let found: Promise<string | undefined> | undefined;
  const findKey = () => (found ??= key === undefined ? readKey(adminKeyFile) : Promise.resolve(key.text));

  const call = async <T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<T> => {
    const bearer = await findKey();
    const { response, text } = await request(url, path, {
      method,
      headers: {
        accept: 'application/json',
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = parse(text);
    if (response.ok && (answer !== undefined || response.status === 204)) return answer as T;
    const problem = isProblem(answer) ? answer : undefined;
    if (problem?.code === 'unauthenticated')
      throw new ClientError(
        bearer === undefined
          ? `There is no key for ${url}: neither TALLYLINE_API_KEY nor TALLYLINE_ADMIN_KEY is set, and ${adminKeyFile} does not exist. Set one, or say with --data where the data is.`
          : `${url} does not take the key ${key === undefined ? `in ${adminKeyFile}` : `of ${key.variable}`}. ${problem.detail}`,
        { status: response.status, code: problem.code },
      );
    throw new ClientError(
      problem === undefined
        ? `What answers at ${url} is not Tallyline, or not all of it (${method} ${path}: ${response.status}).`
        : describeProblem(problem),
      { status: response.status, ...(problem === undefined ? {} : { code: problem.code }) },
    );
  };
  return {
    url,
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    delete: (path) => call('DELETE', path),
  };
}

async function request(url: string, path: string, init: RequestInit): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(url + path, { ...init, redirect: 'manual', signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    return { response, text: await response.text() };
  } catch (error) {
    throw new ClientError(describeFailure(error, url), { cause: error });
  }
}

function describeFailure(error: unknown, url: string): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `${url} did not answer within ${ANSWER_MS_MAX / 1000} s.`;
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  if (code === 'ECONNREFUSED') return `Tallyline is not running at ${url}; start it with npm start, or say where with --url.`;
  // A name that nobody knows, a certificate that nobody trusts, a connection that broke.
  return `Tallyline cannot be reached at ${url} (${code ?? (cause instanceof Error ? cause.message : String(error))}). Say where it is with --url.`;
}

async function readKey(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim() || undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ClientError(
      `The key in ${file} cannot be read (${String(code)}). Run this as who runs Tallyline, or set TALLYLINE_API_KEY.`,
      {
        cause: error,
        // Nothing that passes by itself.
        status: 401,
      },
    );
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A page of some other server.
    return undefined;
  }
}

function isProblem(answer: unknown): answer is Problem {
  return typeof answer === 'object' && answer !== null && 'code' in answer && 'detail' in answer;
}

function describeProblem({ status, detail, requestId, errors = [] }: Problem): string {
  const fields = errors.map(({ path, message }) => `\n  ${path}: ${message}`).join('');
  // What went wrong inside is in the log alone.
  return `${detail}${status >= 500 ? ` requestId: ${requestId}` : ''}${fields}`;
}
