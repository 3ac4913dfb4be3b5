/** The operations of an OpenAPI document, and calls of them as a generator has them. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { bodyFor, type JsonSchema, textFor } from './values.ts';

interface Parameter {
  name: string;
  in: 'query' | 'path' | 'header' | 'cookie';
  required?: boolean;
  schema: JsonSchema;
}

interface DocumentedOperation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
}

export interface OpenApiDocument {
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: { schemas: Record<string, JsonSchema> };
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  parameters: readonly Parameter[];
  body: JsonSchema | undefined;
}

export interface Call {
  operation: string;
  method: string;
  /** As it stands in the request line. */
  target: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
  role: string;
}

/** What exists in the installation, by the name of the parameter or of the resource. */
export type Known = Readonly<Record<string, readonly string[]>>;

export function operationsOf({ paths }: OpenApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters = [], requestBody }]) => ({
      id: operationId,
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content['application/json']?.schema,
    })),
  );
}

/** What is sent where a file, a stream or events are read. */
const RAW_BODIES: readonly (readonly [type: string, body: Buffer])[] = [
  ...[
    'id,customer,time,meter,quantity\n1,acme-ai,2026-01-05T00:00:00Z,calls,3\n',
    'customer,quantity\n"unclosed,1\n',
    'a;b;c\n1;2\n',
    '\ufeffid\tcustomer\ttime\n1\ta\t2026-01-05\n',
    ',,,\n,,,\n',
    '\0\0\0',
    '',
    '\n'.repeat(1_000),
    `${'x,'.repeat(3_000)}\n`,
  ].map((text) => ['text/csv', Buffer.from(text)] as const),
  ['text/csv', Buffer.from([0xff, 0xfe, 0x41, 0x00, 0x00, 0xd8])],
  ['application/gzip', gzipSync('id,customer,time,quantity\n1,a,2026-01-05T00:00:00Z,1\n')],
  ['application/gzip', gzipSync('x').subarray(0, 12)],
  ['application/x-ndjson', Buffer.from('{"id":"1","customer":"a","time":"2026-01-05T00:00:00Z","quantity":"1"}\n{"id":\n')],
  ['application/json', Buffer.from('[{"id":"1","customer":"a","time":"2026-01-05T00:00:00Z","meter":"m","quantity":"1"}]')],
  ['application/json', Buffer.from('{"__proto__":{"a":1},"quantity":1e999}')],
  ['application/json', Buffer.from(`${'['.repeat(5_000)}${']'.repeat(5_000)}`)],
  ['application/json', Buffer.from('{"id":"\\ud800","customer":"\\u0000","quantity":"1","time":{}}')],
  ['application/cloudevents+json', Buffer.from('{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{}}')],
  ['application/cloudevents-batch+json', Buffer.from('[{"specversion":"9"}]')],
  [
    'multipart/form-data; boundary=b',
    Buffer.from('--b\r\ncontent-disposition: form-data; name="file"; filename="../x"\r\n\r\na,b\n1,2\r\n--b--'),
  ],
  ['multipart/form-data; boundary=b', Buffer.from('--b\r\nnonsense')],
  ['multipart/form-data', Buffer.from('--')],
  ['not a type', Buffer.from('{}')],
];

/** A call as one of the roles; `credentials` has what each sends. */
export function callsOf(
  operation: Operation,
  document: OpenApiDocument,
  { known, credentials }: { known: Known; credentials: Readonly<Record<string, Record<string, string>>> },
): fc.Arbitrary<Call> {
  const resource = operation.path.split('/')[2] ?? '';
  const namesOf = (parameter: string) => [
    ...(known[parameter] ?? []),
    ...(parameter === 'id' || parameter === 'key' ? (known[resource] ?? []) : []),
  ];
  const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = operation.parameters.filter((parameter) => parameter.in === 'query');
  const path = fc.record(Object.fromEntries(inPath.map(({ name, schema }) => [name, textFor(schema, namesOf(name))])));
  const query = fc.record(Object.fromEntries(inQuery.map(({ name, schema }) => [name, textFor(schema, namesOf(name))])), {
    requiredKeys: inQuery.filter(({ required }) => required === true).map(({ name }) => name),
  });
  // Administrators get furthest, so most calls are theirs.
  const roles = Object.keys(credentials);
  const role = fc.oneof({ weight: 5, arbitrary: fc.constant('admin') }, { weight: 4, arbitrary: fc.constantFrom(...roles) });
  const extra = fc.oneof(
    { weight: 6, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constantFrom('unheardOf=1', 'limit=1&limit=2', '__proto__=1', '&&=&', '%', '%00=%00', 'a[b]=c') },
  );
  return fc
    .record({ path, query, extra, role, body: bodyOf(operation, document, known) })
    .map(({ path: values, query: asked, extra: more, role: as, body }) => ({
      operation: operation.id,
      method: operation.method,
      target: targetOf(operation.path, values, asked, more),
      headers: { ...credentials[as], ...(body === undefined ? {} : { 'content-type': body.type }) },
      body: body?.content,
      role: as,
    }));
}

function bodyOf(
  { method, body }: Operation,
  document: OpenApiDocument,
  known: Known,
): fc.Arbitrary<{ type: string; content: Buffer } | undefined> {
  if (method === 'GET' || method === 'DELETE') return fc.constant(undefined);
  const raw = fc.constantFrom(...RAW_BODIES).map(([type, content]) => ({ type, content }));
  if (body === undefined || Object.keys(body).length === 0) return fc.oneof(raw, fc.constant(undefined));
  const names = Object.values(known).flat().slice(0, 20);
  const json = bodyFor(body, document.components.schemas, names).map((value) => ({
    type: 'application/json',
    content: Buffer.from(JSON.stringify(value)),
  }));
  return fc.oneof({ weight: 9, arbitrary: json }, { weight: 1, arbitrary: raw });
}

function targetOf(path: string, values: Record<string, string>, query: Record<string, string | undefined>, extra: string): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => escaped(values[name] ?? ''));
  const pairs = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${escaped(value)}`]));
  const search = [...pairs, ...(extra === '' ? [] : [extra])].join('&');
  return `${filled}${search === '' ? '' : `?${search}`}`;
}

/** As `encodeURIComponent`, but for lone surrogates, which it refuses; some as they would be if somebody forced them. */
function escaped(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : encodeURIComponent(text.toWellFormed()).replaceAll('%EF%BF%BD', '%ED%A0%80');
}
