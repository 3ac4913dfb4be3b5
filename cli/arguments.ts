/** The words after `main.ts`, where they name a command of this folder. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import type { ClientFlags } from './config.ts';
import type { Command, Words } from './command.ts';

const COMMON = {
  url: { type: 'string' },
  port: { type: 'string' },
  data: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig;

export const COMMON_FLAG_HELP = [
  '--url <url>      where Tallyline is; otherwise TALLYLINE_URL, or this machine at --port, PORT or 4000',
  '--data <path>    its data directory, for the key in it, unless TALLYLINE_API_KEY or TALLYLINE_ADMIN_KEY is set; otherwise TALLYLINE_DATA, or ./data',
  '--json           the answer of the API as it is',
] as const;

export interface Request {
  words: Words;
  /** For the configuration. */
  where: ClientFlags;
  isJson: boolean;
  isHelp: boolean;
}

export type RequestOutcome = { ok: true; request: Request } | { ok: false; fault: string };

/** The first word that is no flag, nor the value of one. */
export function readCommandName(args: readonly string[], commands: Iterable<Command>): string | undefined {
  const options: ParseArgsOptionsConfig = Object.assign({}, COMMON, ...[...commands].map(({ flags }) => flags));
  return parseArgs({ args: [...args], options, strict: false, allowPositionals: true }).positionals[0];
}

/** Everything but the command's own name. The first fault is enough: the usage is shown beside it. */
export function readRequest(args: readonly string[], command: Command): RequestOutcome {
  const options: ParseArgsOptionsConfig = { ...COMMON, ...command.flags };
  const { positionals, tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const flags: Record<string, string | boolean | undefined> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) return { ok: false, fault: `${token.rawName} is not an option of it` };
    if (option.type === 'boolean' && token.value !== undefined) return { ok: false, fault: `${token.rawName} takes no value` };
    if (option.type === 'string' && (token.value === undefined || token.value === ''))
      return { ok: false, fault: `${token.rawName} needs a value` };
    if (Object.hasOwn(flags, token.name)) return { ok: false, fault: `${token.rawName} is given twice` };
    flags[token.name] = token.value ?? true;
  }
  const { url, port, data, json, help, ...own } = flags;
  const words: Words = { operands: positionals.slice(1), flags: own };
  const where: ClientFlags = Object.fromEntries(Object.entries({ url, port, data }).filter(([, value]) => value !== undefined));
  const fault = help === true ? undefined : (checkOperands(words.operands, command) ?? command.check?.(words));
  return fault === undefined ? { ok: true, request: { words, where, isJson: json === true, isHelp: help === true } } : { ok: false, fault };
}

function checkOperands(operands: readonly string[], { operands: { min, max }, usage }: Command): string | undefined {
  if (operands.length > max) return `"${operands[max]}" is one word too many`;
  if (operands.length < min) return `${[...usage.matchAll(/<[^>]+>/g)][operands.length]?.[0] ?? 'A word'} is missing`;
  return undefined;
}
