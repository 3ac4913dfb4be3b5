/** What a command is: words that the terminal understands on one side, calls of the HTTP API on the other. */
import type { ParseArgsOptionsConfig } from 'node:util';
import type { Client } from './client.ts';

export interface Command {
  /** As it is typed: `undo <import>`. */
  readonly usage: string;
  readonly summary: string;
  /** How many words that are no flags it takes. */
  readonly operands: { readonly min: number; readonly max: number };
  /** Besides those that all commands have. */
  readonly flags: ParseArgsOptionsConfig;
  /** Lines of the help, one per flag. */
  readonly flagHelp?: readonly string[];
  /** What is wrong with the words, as a sentence without its full stop. Undefined: nothing. */
  check?(words: Words): string | undefined;
  run(words: Words, context: Context): Promise<Outcome>;
}

export interface Words {
  readonly operands: readonly string[];
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
}

export interface Context {
  readonly client: Client;
  /** A line for whoever waits. */
  readonly progress: (line: string) => void;
}

export interface Outcome {
  /** False: it was done and did not end well, or the stores do not agree. */
  readonly isGood: boolean;
  /** For people. */
  readonly text: string;
  /** For `--json`: what the API has said last. */
  readonly answer: unknown;
}

/** Ids of imports, dead letters and the like. */
export function checkId(what: string, id: string | undefined): string | undefined {
  return id === undefined || /^\d{1,18}$/.test(id) ? undefined : `"${id}" is not the id of ${what}, which is a number`;
}

export const NO_WAIT = {
  flags: { 'no-wait': { type: 'boolean' } },
  flagHelp: ['--no-wait        start it, and do not wait for its end'],
} as const;
