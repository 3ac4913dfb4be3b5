/** What `npm run bench` is asked for. */
import { parseArgs } from 'node:util';
import { FULL, LEAST, QUICK, SIZE_NAMES, type Sizes } from './sizes.ts';

export interface BenchArguments {
  /** Names of cases, in the order of the registry. */
  cases: string[];
  sizes: Sizes;
  isQuick: boolean;
  isProfiled: boolean;
  jsonFile: string | undefined;
}

export type ReadArguments = { ok: true; arguments: BenchArguments } | { ok: false; fault: string };

/** Flags for sizes are those of `Sizes` with hyphens: `--stored-events 1000000`. */
export function readArguments(args: readonly string[], known: readonly { name: string; isQuick?: boolean }[]): ReadArguments {
  const parsed = parse(args);
  if (!parsed.ok) return { ok: false, fault: parsed.fault };
  const { values } = parsed;
  const isQuick = values['quick'] === true;
  const sizes = { ...(isQuick ? QUICK : FULL) };
  for (const name of SIZE_NAMES) {
    const given = values[flagOf(name)];
    if (given === undefined) continue;
    const size = Number(given);
    if (!Number.isSafeInteger(size) || size < LEAST[name])
      return { ok: false, fault: `--${flagOf(name)} takes a whole number from ${LEAST[name]}, not ${JSON.stringify(given)}.` };
    sizes[name] = size;
  }
  const only = typeof values['only'] === 'string' ? values['only'].split(',').map((name) => name.trim()) : undefined;
  const unknown = only?.find((name) => !known.some((one) => one.name === name));
  if (unknown !== undefined)
    return { ok: false, fault: `--only takes ${known.map(({ name }) => name).join(', ')}, not ${JSON.stringify(unknown)}.` };
  const cases = known.filter((one) => only?.includes(one.name) ?? (!isQuick || one.isQuick === true)).map(({ name }) => name);
  const jsonFile = typeof values['json'] === 'string' ? values['json'] : undefined;
  return { ok: true, arguments: { cases, sizes, isQuick, isProfiled: values['profile'] === true, jsonFile } };
}

type Parsed = { ok: true; values: Readonly<Record<string, string | boolean | undefined>> } | { ok: false; fault: string };

function parse(args: readonly string[]): Parsed {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const sizes = Object.fromEntries(SIZE_NAMES.map((name) => [flagOf(name), text]));
  try {
    const { values } = parseArgs({ args: [...args], options: { ...sizes, only: text, json: text, quick: flag, profile: flag } });
    return { ok: true, values };
  } catch (error) {
    return { ok: false, fault: error instanceof Error ? error.message : String(error) };
  }
}

function flagOf(name: keyof Sizes): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
