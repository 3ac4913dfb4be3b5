/** From a request to the import that its lines go to: a new one, or the one that the Idempotency-Key names. */
import type { Clock } from '../../platform/clock.ts';
import { ProblemError } from '../../core/errors.ts';
import type { Platform } from '../../platform/platform.ts';
import { isNdjson, type Mapping } from '../../schemas/http/imports.ts';
import { resolveMapping } from '../csv/mapping.ts';
import type { Holder } from '../import-store.ts';
import { givenMapping, interpretHead, type ReadingRequest } from '../interpret.ts';
import type { StreamBody } from './body.ts';
import { EVENT_MAPPING, membersOf, NDJSON_DIALECT, NDJSON_HEADER } from './json-rows.ts';
import { createGrowing, findByStreamKey, takeGrowing, type GrowingReading, type GrowingState, type KeyedImport } from './stream-store.ts';

export interface StreamRequest {
  format: 'csv' | 'ndjson';
  name: string;
  createdBy: string;
  idempotencyKey: string | undefined;
  /** The line with which the body begins. */
  fromLine: number;
  reading: ReadingRequest;
}

/** Throws a ProblemError for what the sender can mend; nothing is begun or taken over then. */
export async function openStream(platform: Platform, body: StreamBody, request: StreamRequest, holder: Holder): Promise<GrowingState> {
  const { postgres, clock } = platform;
  const { idempotencyKey: key, createdBy, fromLine } = request;
  const known = key === undefined ? undefined : await findByStreamKey(postgres, createdBy, key);
  if (known !== undefined) return resume(platform, known, request, holder);
  if (fromLine > 1) {
    throw new ProblemError(
      'stream_gap',
      key === undefined
        ? 'A stream is resumed by its Idempotency-Key. Without one, begin a new stream with line 1.'
        : `There is no stream with the Idempotency-Key "${key}". Line 1 is expected.`,
    );
  }
  const reading = request.format === 'csv' ? await readCsv(platform, body, request) : await readNdjson(platform, request);
  const { name } = request;
  const created = await createGrowing(
    postgres,
    { form: 'stream', name, createdBy, idempotencyKey: key, presentMs: presentOf(clock), ...reading },
    holder,
  );
  if (created) return created;
  throw new ProblemError('upload_in_progress', 'Another request has just begun a stream with this Idempotency-Key. Resume it.');
}

function presentOf(clock: Clock): number {
  return clock.now().getTime();
}

async function resume(platform: Platform, known: KeyedImport, request: StreamRequest, holder: Holder): Promise<GrowingState> {
  const { postgres } = platform;
  const { fromLine, format } = request;
  const isJson = known.dialect !== null && isNdjson(known.dialect);
  if (known.form !== 'stream' || isJson !== (format === 'ndjson')) {
    const what = known.form === 'stream' ? `a stream of ${isJson ? 'NDJSON' : 'CSV'}` : 'a file';
    throw new ProblemError('idempotency_key_reused', `The Idempotency-Key named ${what}. Use a new key for a new stream.`);
  }
  // Asked first: a request that leaves a gap must not end one that goes well.
  requireNoGap(fromLine, known.linesReceived);
  const state = await takeGrowing(postgres, known.id, holder);
  if (state === undefined)
    throw new ProblemError(
      'conflict',
      `Import ${known.id}, to which the Idempotency-Key belongs, is ${known.status}: nothing can be added.`,
    );
  return state;
}

function requireNoGap(fromLine: number, lines: number): void {
  if (fromLine <= lines + 1) return;
  throw new ProblemError(
    'stream_gap',
    `The stream is durable up to line ${lines}, and the body begins with line ${fromLine}. Line ${lines + 1} is expected.`,
  );
}

async function readCsv(platform: Platform, body: StreamBody, { reading, idempotencyKey }: StreamRequest): Promise<GrowingReading> {
  const { head, complete } = await body.peek();
  const { dialect, header, mapping, identity } = await interpretHead(platform.postgres, { head, complete }, reading);
  if (dialect.encoding !== 'utf-8')
    throw new ProblemError(
      'unsupported_encoding',
      `A stream is read as UTF-8 only, and this is ${dialect.encoding}. Send it as UTF-8, or as a file.`,
    );
  if (dialect.newline !== 'LF' && dialect.newline !== 'CRLF')
    throw new ProblemError('unsupported_dialect', 'The lines of a stream end in LF or CRLF. Say newline=LF, or send it as a file.');
  return { dialect, header, mapping, identity: identityOf(mapping, identity === 'id-column', idempotencyKey) };
}

async function readNdjson(platform: Platform, { reading, idempotencyKey }: StreamRequest): Promise<GrowingReading> {
  const { mapping: _mapping, profile: _profile, limits: _limits, ...dialectOptions } = reading;
  const [option] = Object.entries(dialectOptions).filter(([, value]) => value !== undefined);
  if (option && !(option[0] === 'encoding' && /^utf-?8$/i.test(String(option[1]))))
    throw new ProblemError('invalid_request', `"${option[0]}" is of CSV; a stream of NDJSON is UTF-8 text, one JSON object per line.`);
  const given = await givenMapping(platform.postgres, reading);
  const base = { dialect: NDJSON_DIALECT, header: NDJSON_HEADER };
  if (given === undefined) {
    const { id, ...keyed } = EVENT_MAPPING;
    return idempotencyKey === undefined
      ? { ...base, mapping: { id, ...keyed } as Mapping, identity: 'id-column' }
      : { ...base, mapping: keyed, identity: 'key' };
  }
  if (given.properties === 'rest') {
    const message = 'the members of JSON objects are not known before; name the ones that are properties';
    throw new ProblemError('mapping_incomplete', `properties: ${message}`, {
      errors: [{ path: 'properties', code: 'mapping_incomplete', message }],
    });
  }
  const mapping: Mapping = { properties: [], ...given };
  const resolved = resolveMapping(mapping, membersOf(mapping));
  if (!resolved.ok) {
    throw new ProblemError('mapping_incomplete', resolved.errors.map(({ path, message }) => `${path}: ${message}`).join('. '), {
      errors: resolved.errors,
    });
  }
  return { ...base, mapping, identity: identityOf(mapping, mapping.id !== undefined, idempotencyKey) };
}

/** A stream never ends for sure, so neither the number of equal rows nor a hash of all of it can be an identity. */
function identityOf(mapping: Mapping, hasId: boolean, key: string | undefined): 'id-column' | 'key' {
  if (mapping.identity !== undefined)
    throw new ProblemError(
      'mapping_incomplete',
      `identity: "${mapping.identity}" needs the whole file; a stream needs an id column or an Idempotency-Key`,
      { errors: [{ path: 'identity', code: 'mapping_incomplete', message: 'a stream needs an id column or an Idempotency-Key' }] },
    );
  if (hasId) return 'id-column';
  if (key !== undefined) return 'key';
  throw new ProblemError(
    'mapping_incomplete',
    'id: a stream needs an id column, or an Idempotency-Key: the id of an event is then the key and its line.',
    { errors: [{ path: 'id', code: 'mapping_incomplete', message: 'a stream needs an id column or an Idempotency-Key' }] },
  );
}
