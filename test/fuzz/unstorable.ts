/** Text that no store can keep, at every place of every body that takes text: each is refused, by name. */
import fc from 'fast-check';
import type { Problem } from '../../schemas/http/common.ts';
import type { Call, Known, OpenApiDocument, Operation } from './operations.ts';
import { fittingFor } from './values.ts';

/** By the code of the refusal. */
const UNSTORABLE: Readonly<Record<string, string>> = { nul_character: 'a\0b', lone_surrogate: 'a\ud800b' };
/** Members that may be left out and choices of unions: with so many bodies each has been there. */
const BODIES = 60;

export interface UnstorableCall extends Call {
  /** Where the text stands, and what is said of it. */
  path: string;
  code: string;
}

/** Of an operation that takes JSON. The same seed makes the same calls. */
export function unstorableCallsOf(
  { id, method, path, parameters, body }: Operation,
  document: OpenApiDocument,
  { known, headers, seed }: { known: Known; headers: Record<string, string>; seed: number },
): UnstorableCall[] {
  if (body === undefined || Object.keys(body).length === 0) return [];
  const bodies = fc.sample(fittingFor(body, document.components.schemas), { seed, numRuns: BODIES });
  const target = parameters
    .filter((parameter) => parameter.in === 'path')
    .reduce((filled, { name }) => filled.replace(`{${name}}`, encodeURIComponent(known[name]?.[0] ?? '1')), path);
  const calls = new Map<string, UnstorableCall>();
  for (const whole of bodies)
    for (const place of textPlaces(whole))
      for (const [code, text] of Object.entries(UNSTORABLE)) {
        const kind = `${place.join('/').replaceAll(/\d+/g, '*')} ${code}`;
        if (calls.has(kind)) continue;
        const content = Buffer.from(JSON.stringify(withText(whole, place, text)));
        calls.set(kind, {
          operation: id,
          method,
          target,
          headers: { ...headers, 'content-type': 'application/json' },
          body: content,
          role: 'admin',
          path: place.join('/'),
          code,
        });
      }
  return [...calls.values()];
}

/** What is wrong with the answer. */
export function unstorableFault({ path, code }: UnstorableCall, { status, text }: { status: number; text: string }): string | undefined {
  const { errors = [] } = status === 400 ? (JSON.parse(text) as Problem) : {};
  return errors.some((error) => error.path === path && error.code === code)
    ? undefined
    : `${code} at ${path} is told as ${status} ${text.slice(0, 500)}`;
}

function textPlaces(value: unknown): string[][] {
  if (typeof value === 'string') return [[]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => textPlaces(member).map((place) => [name, ...place]));
}

function withText(value: unknown, [name, ...rest]: readonly string[], text: string): unknown {
  if (name === undefined) return text;
  const changed = withText(Reflect.get(value as object, name), rest, text);
  return Array.isArray(value)
    ? (value as unknown[]).map((member, at) => (String(at) === name ? changed : member))
    : { ...(value as object), [name]: changed };
}
