/** The one door to the HTTP API: typed answers, refusals as `ApiError`. All calls go to the origin the page came from. */
import type { Problem } from './types.ts';

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly requestId: string;
  readonly errors: readonly { path: string; code: string; message: string }[];
  /** Hours in which the stores disagree, of a refusal for that reason. */
  readonly cells: NonNullable<Problem['cells']>;

  constructor(problem: Partial<Problem> & { status: number }) {
    super(problem.detail ?? problem.title ?? `The server answered ${problem.status}.`);
    this.name = 'ApiError';
    this.status = problem.status;
    this.code = problem.code ?? 'unknown';
    this.title = problem.title ?? 'The call did not succeed';
    this.requestId = problem.requestId ?? '';
    this.errors = problem.errors ?? [];
    this.cells = problem.cells ?? [];
  }
}

const UNREACHABLE = {
  status: 0,
  code: 'unreachable',
  title: 'The server does not answer',
  detail: 'Tallyline cannot be reached. Is it running?',
};

export type QueryValues = Record<string, string | number | boolean | null | undefined>;

/** `path` with those values that are set. */
export function address(path: string, query: QueryValues = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}

export function problemOf(status: number, text: string): ApiError {
  try {
    return new ApiError({ ...(JSON.parse(text) as Partial<Problem>), status });
  } catch {
    return new ApiError({ status });
  }
}

/** Of a page that is opened by a link to one invoice; pages of signed-in people have a cookie. */
let bearer: string | undefined;

/** From now on, calls show this token. */
export function useToken(token: string): void {
  bearer = token;
}

function credentials(): Record<string, string> {
  return bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
}

/** Saves what a path answers, for who comes by a link: the browser's own download would not show the token. */
export async function saveFile(path: string, name: string): Promise<void> {
  const response = await fetch(path, { headers: credentials() }).catch(() => {
    throw new ApiError(UNREACHABLE);
  });
  if (!response.ok) throw problemOf(response.status, await response.text());
  const url = URL.createObjectURL(await response.blob());
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}

interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  query?: QueryValues;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: Blob;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export async function call<T>(path: string, { method = 'GET', query, json, body, headers = {}, signal }: Call = {}): Promise<T> {
  const init: RequestInit = { method, headers: { accept: 'application/json', ...credentials(), ...headers } };
  if (signal !== undefined) init.signal = signal;
  if (json !== undefined) {
    init.body = JSON.stringify(json);
    init.headers = { accept: 'application/json', 'content-type': 'application/json', ...credentials(), ...headers };
  } else if (body !== undefined) {
    init.body = body;
    init.headers = { accept: 'application/json', 'content-type': 'text/csv' };
  }
  const response = await fetch(address(path, query), init).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(UNREACHABLE);
  });
  const text = await response.text();
  if (!response.ok) throw problemOf(response.status, text);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

export interface Upload {
  query: QueryValues;
  file: File;
  onProgress: (sent: number, total: number) => void;
  signal: AbortSignal;
}

/** Sends a file whole. XMLHttpRequest, because fetch does not tell how much has been sent. */
export function upload<T>(path: string, { query, file, onProgress, signal }: Upload): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', address(path, query));
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('content-type', file.name.endsWith('.gz') ? 'application/gzip' : 'text/csv');
    request.upload.onprogress = (event) => onProgress(event.loaded, event.total);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as T);
      else reject(problemOf(request.status, request.responseText));
    };
    request.onerror = () => reject(new ApiError(UNREACHABLE));
    request.onabort = () => reject(new DOMException('The upload was stopped.', 'AbortError'));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}
