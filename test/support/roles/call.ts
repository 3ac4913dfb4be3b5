/** How an operation is called, and whose objects a call names. */
import type { Platform } from '../../../platform/platform.ts';

export interface Request {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  /** Text is sent as CSV, all else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  /** What it answers to who may call it, where that is not 2xx. */
  status?: number;
}

/** What a customer has. */
export interface Documents {
  customer: string;
  /** Final, with an adjustment and a credit note. */
  invoice: string;
  draft: string;
  /** Hour of the first line of the invoice, and of its first adjustment. */
  hour: string;
  adjustedHour: string;
  creditNote: string;
  /** Key of a record that came in a file. */
  record: string;
  /** Key of one that came as JSON. */
  event: string;
  /** A meter that nobody else has used. */
  meter: string;
}

/** The import that the key `ingest` has sent, and one of somebody else. */
export interface SentImports {
  own: string;
  other: string;
}

export interface Filled {
  alder: Documents;
  birch: Documents;
  /** Another invoice of alder's, which no link opens. */
  beside: Documents;
  /** Nothing of it exists. */
  absent: Documents;
  imports: SentImports;
  conflict: string;
  deadLetter: string;
  /** Cursors of lists, as staff has them: each behind the first entry. By path. */
  cursors: ReadonlyMap<string, string>;
}

export const CALLERS = ['nobody', 'admin', 'analyst', 'ingest', 'alder', 'birch', 'link'] as const;
export type CallerName = (typeof CALLERS)[number];

export interface Answer {
  status: number;
  type: string;
  bytes: Buffer;
}

/** Calls as one of the callers; of an endless answer it takes what comes first. */
export type CallAs = (caller: CallerName, request: Request) => Promise<Answer>;

export interface World extends Filled {
  platform: Platform;
  callAs: CallAs;
  /** Of the OpenAPI document: `GET /v1/usage` and the roles that it declares. */
  operations: ReadonlyMap<string, readonly string[]>;
  close(): Promise<void>;
}

/**
 * - `plain`: names nothing of a customer's; who may call it sees their own.
 * - `of`: names what a customer has; for customers and links, that of others does not exist.
 * - `import`: names an import; for a key that sends, those of others do not exist.
 *
 * With `changes` it is called by those who may only once, with what birch has, after everything else and in the order of the table.
 */
export type Call = { changes?: true } & (
  | { plain: (world: World) => Request[] | Promise<Request[]> }
  | { of: (documents: Documents, world: World) => Request[] }
  | { import: (id: string) => Request[] }
);

/** By operation: `GET /v1/usage`. */
export type Calls = Readonly<Record<string, Call>>;
