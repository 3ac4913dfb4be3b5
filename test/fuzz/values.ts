/** Values for the schemas of the OpenAPI document: what fits, and what somebody sends who wants to see it fall over. */
import fc from 'fast-check';

export interface JsonSchema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  examples?: unknown[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  patternProperties?: Record<string, JsonSchema>;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  $ref?: string;
}

/** Text that means something to parsers, stores, file systems, clocks, or to nobody. */
export const HOSTILE_TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\n',
  '.',
  '..',
  '../../etc/passwd',
  '..\\..\\x',
  '%2e%2e%2f',
  '%00',
  '__proto__',
  'constructor',
  'toString',
  "'; DROP TABLE invoices; --",
  '{a:String}',
  '$1',
  '\\',
  '"',
  '\ud800',
  '\udc00\ud800',
  '😀',
  '\u202efdp',
  '=1+1',
  '<script>1</script>',
  'null',
  'true',
  '-1',
  '0',
  '-0',
  '007',
  '1e400',
  '1e-400',
  '0x10',
  'NaN',
  'Infinity',
  '9007199254740993',
  '999999999999999999',
  '9223372036854775808',
  '99999999999999999999999999',
  `0.${'1'.repeat(60)}`,
  '9'.repeat(60),
  '0000-00-00T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '1969-12-31T23:59:59.999999999Z',
  '2262-04-12T00:00:00Z',
  '2300-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '+275760-09-13T00:00:00Z',
  '-271821-04-20T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-01-01T00:00:00+99:99',
  '2026-01-01',
  '2026-13',
  '0000-01',
  '9999-12',
  'x'.repeat(5_000),
  'é'.repeat(300),
  ...[null, 0, [], {}, [1], ['a', 'b'], [null, null], { id: 1 }, ['9'.repeat(40)], ['\0']].map((value) =>
    Buffer.from(JSON.stringify(value)).toString('base64url'),
  ),
];

const hostileText = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary', maxLength: 40 }));

/** Any JSON, and some that no schema asks for. */
export const hostileJson: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1e308, -1e-308, 2 ** 53, 0.1, [], {}, [[]], [null], { '': null }),
  fc.constantFrom<unknown>(
    nested(40),
    nested(2_000),
    'x'.repeat(100_000),
    Array.from({ length: 2_000 }, () => 0),
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Text for a query or a path. `known`: names and ids that exist, by the parameter's name. */
export function textFor(schema: JsonSchema, known: readonly string[]): fc.Arbitrary<string> {
  const fits = fittingFor(schema, {}).map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  return fc.oneof(
    { weight: 4, arbitrary: fits },
    { weight: known.length > 0 ? 6 : 0, arbitrary: fc.constantFrom(...(known.length > 0 ? known : [''])) },
    { weight: 3, arbitrary: hostileText },
  );
}

/** A body: one that fits, one that fits but for a place or two, or none that could be meant. */
export function bodyFor(schema: JsonSchema, definitions: Record<string, JsonSchema>, known: readonly string[]): fc.Arbitrary<unknown> {
  const fits = fittingFor(schema, definitions, known);
  const spoilt = fc.tuple(fits, hostileJson, fc.nat()).map(([value, hostile, at]) => spoil(value, hostile, at));
  return fc.oneof({ weight: 4, arbitrary: fits }, { weight: 5, arbitrary: spoilt }, { weight: 1, arbitrary: hostileJson });
}

/** A value that the schema lets in, most of the time. */
export function fittingFor(
  schema: JsonSchema,
  definitions: Record<string, JsonSchema>,
  known: readonly string[] = [],
): fc.Arbitrary<unknown> {
  const inner = (one: JsonSchema) => fittingFor(one, definitions, known);
  if (schema.$ref !== undefined) return inner(definitions[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map(inner));
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'string':
      return text(schema, known);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -5, max: Math.max(schema.minimum ?? -5, Math.min(schema.maximum ?? 1_000, 1_000_000)) });
    case 'number':
      return fc.double({ noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(inner(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 4, 4) });
    case 'object':
      return object(schema, inner);
    default:
      return hostileJson;
  }
}

function text({ pattern, examples = [], minLength = 0, maxLength = 40 }: JsonSchema, known: readonly string[]): fc.Arbitrary<unknown> {
  const samples = [...examples, ...known];
  const any = fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, Math.min(maxLength, 60)) });
  // The library makes no texts for patterns that look ahead; what such a pattern refuses is refused.
  const free = pattern === undefined || /\(\?[=!<]/.test(pattern) ? any : fc.stringMatching(new RegExp(pattern, 'u'), { size: 'small' });
  return samples.length > 0 ? fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...samples) }, { weight: 1, arbitrary: free }) : free;
}

function object(schema: JsonSchema, inner: (one: JsonSchema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], patternProperties } = schema;
  const [values] = Object.values(patternProperties ?? {});
  if (values !== undefined) return fc.dictionary(fc.string({ maxLength: 10 }), inner(values), { maxKeys: 3 });
  const members = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, inner(one)]));
  return fc.record(members, { requiredKeys: required.filter((name) => name in members), noNullPrototype: true });
}

/** Another value at the n-th place of it, counted through; a member more where the place is an object. */
function spoil(value: unknown, hostile: unknown, n: number): unknown {
  if (typeof value !== 'object' || value === null) return hostile;
  const names = Object.keys(value);
  if (names.length === 0 || n % (names.length + 2) === names.length) return hostile;
  const name = names[n % (names.length + 2)];
  if (name === undefined) return Array.isArray(value) ? [...(value as unknown[]), hostile] : { ...value, unheardOf: hostile };
  const changed = spoil(Reflect.get(value, name), hostile, Math.floor(n / (names.length + 2)));
  return Array.isArray(value)
    ? (value as unknown[]).map((member, at) => (String(at) === name ? changed : member))
    : { ...value, [name]: changed };
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}
