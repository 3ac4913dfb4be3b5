/**
 * The commands for a Tallyline that runs: `node main.ts status`. They are clients of its HTTP API, because the embedded engines belong to
 * the running process, and because in distributed mode any machine will do.
 *
 * Exit codes: 0 done, 1 failed or the stores do not agree, 2 the words make no sense. Answers go to standard output, what only a
 * person who waits wants to see to standard error.
 */
import { COMMON_FLAG_HELP, readCommandName, readRequest } from './arguments.ts';
import { ClientError, createClient } from './client.ts';
import type { Command } from './command.ts';
import { conflicts, resolve } from './commands/conflicts.ts';
import { deadLetters, replay } from './commands/dead-letters.ts';
import { key, keys } from './commands/keys.ts';
import { rebuild } from './commands/rebuild.ts';
import { reconcile } from './commands/reconcile.ts';
import { signInLink } from './commands/sign-in-link.ts';
import { status } from './commands/status.ts';
import { undo } from './commands/undo.ts';
import { type Environment, readClientConfig } from './config.ts';

export interface Terminal {
  out: (text: string) => void;
  err: (text: string) => void;
}

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [status, undo, conflicts, resolve, deadLetters, replay, reconcile, rebuild, keys, key, signInLink].map((command) => [
    command.usage.split(' ', 1)[0] ?? '',
    command,
  ]),
);
const PROGRAM = 'node main.ts';

/** Whether the words are for this folder; if not, they are for the configuration of what serves. */
export function isClientCommand(args: readonly string[]): boolean {
  const name = readCommandName(args, COMMANDS.values());
  return name === undefined ? args.some((word) => word === '--help' || word === '-h') : name === 'help' || COMMANDS.has(name);
}

/** Carries one out. Answers the exit code. */
export async function runClientCommand(args: readonly string[], environment: Environment, { out, err }: Terminal): Promise<number> {
  const name = readCommandName(args, COMMANDS.values()) ?? 'help';
  const command = COMMANDS.get(name);
  if (command === undefined) return help(args, { out, err });
  const read = readRequest(args, command);
  if (!read.ok) return refuse(`${read.fault}.`, command, err);
  const { words, where, isJson, isHelp } = read.request;
  if (isHelp) {
    out(describe(command));
    return 0;
  }
  const configured = readClientConfig(where, environment);
  if (!configured.ok) return refuse(configured.faults.join('\n'), command, err);
  try {
    const { isGood, text, answer } = await command.run(words, {
      client: createClient(configured.config),
      progress: (line) => err(`${line}\n`),
    });
    out(isJson ? `${JSON.stringify(answer, undefined, 2)}\n` : `${text}\n`);
    return isGood ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    err(`${error.message}\n`);
    return 1;
  }
}

function refuse(fault: string, command: Command, err: Terminal['err']): number {
  err(`${fault}\nUsage: ${PROGRAM} ${command.usage}\n`);
  return 2;
}

function help(args: readonly string[], { out, err }: Terminal): number {
  const [, name, ...rest] = args.filter((word) => word !== '--help' && word !== '-h');
  const command = name === undefined ? undefined : COMMANDS.get(name);
  if (rest.length > 0 || (name !== undefined && command === undefined)) {
    err(`There is no help for "${[name, ...rest].join(' ')}".\nUsage: ${PROGRAM} help [${[...COMMANDS.keys()].join('|')}]\n`);
    return 2;
  }
  out(command === undefined ? overview() : describe(command));
  return 0;
}

function describe({ usage, summary, flagHelp = [] }: Command): string {
  return `${PROGRAM} ${usage}\n  ${summary}\n\n${[...flagHelp, ...COMMON_FLAG_HELP].map((line) => `  ${line}\n`).join('')}`;
}

function overview(): string {
  const width = Math.max(...[...COMMANDS.keys()].map(({ length }) => length)) + 2;
  const lines = [...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}\n`).join('');
  return `${PROGRAM} [--roles <roles>] [--host <host>] [--port <port>] [--data <path>]
  starts Tallyline; see README.md and docs/operations.md

${PROGRAM} migrate
  brings the stores to this version and ends; nothing else may use them meanwhile in embedded mode

${PROGRAM} <command>, for a Tallyline that runs:
${lines}
  ${PROGRAM} help <command> says more. All of them take
${COMMON_FLAG_HELP.map((line) => `  ${line}\n`).join('')}`;
}
