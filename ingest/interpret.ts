/** How a file is to be read: its dialect from its head, its mapping as given, from a profile, or from its header. */
import { Compile } from 'typebox/compile';
import { ProblemError } from '../core/errors.ts';
import { storableFault } from '../core/storable-text.ts';
import { contentPart, type FilePart, type FileStore } from '../platform/file-store/file-store.ts';
import type { Platform } from '../platform/platform.ts';
import type { Postgres } from '../platform/postgres/postgres.ts';
import { Mapping } from '../schemas/http/imports.ts';
import { detectDialect, type DeclaredDialect, type DialectOutcome, type SoundEncoding } from './csv/dialect.ts';
import { HEAD_BYTES_MAX } from './csv/encoding.ts';
import { findFileFault } from './csv/file-fault.ts';
import { inferMapping } from './csv/infer-mapping.ts';
import { resolveMapping } from './csv/mapping.ts';
import { readRows } from './csv/read-rows.ts';
import type { Interpretation, Receipt } from './import-store.ts';
import { readProfile } from './profiles.ts';

/** What a request says about reading its file. */
export interface ReadingRequest extends DeclaredDialect {
  /** JSON of a Mapping. */
  mapping?: string | undefined;
  profile?: string | undefined;
}

/** Rows looked at to see whether times carry an offset. */
const SAMPLE_ROWS = 50;

const mappingShape = Compile(Mapping);

/** Throws a ProblemError that names every column and setting at fault. */
export async function interpret(
  { files, postgres }: Platform,
  importId: string,
  receipt: Receipt,
  reading: ReadingRequest,
): Promise<Interpretation> {
  const { compressed, encoding } = receipt;
  if (!encoding.ok) throw new ProblemError(encoding.fault.code, encoding.fault.message);
  const part = contentPart({ compressed, encoding: encoding.encoding });
  const head = await readHead(files, importId, part);
  const outcome = await interpretHead(postgres, { head, complete: receipt.contentBytes <= head.length, encoding }, reading);
  const { dialect, header } = outcome;
  const text = (await files.read(importId, part)) as AsyncIterable<Uint8Array>;
  const fault = await findFileFault(text, { dialect, width: header.length });
  if (fault) throw new ProblemError(fault.code, fault.message);
  return outcome;
}

/** The beginning of a text, which may be all of it. Without an encoding that is known, as it came. */
export interface TextHead {
  head: Uint8Array;
  complete: boolean;
  encoding?: SoundEncoding;
}

/** As `interpret`, of a head. */
export async function interpretHead(postgres: Postgres, text: TextHead, reading: ReadingRequest): Promise<Interpretation> {
  const { head, complete } = text;
  const given = await givenMapping(postgres, reading);
  const outcome = detectDialect(head, reading, complete, text.encoding);
  if (!outcome.ok) throw new ProblemError(outcome.fault.code, outcome.fault.message);
  const { dialect, header } = outcome;
  const mapping = given ?? (await inferredMapping(head, complete, outcome));
  const resolved = resolveMapping(mapping, header);
  if (!resolved.ok) {
    throw new ProblemError('mapping_incomplete', resolved.errors.map(({ path, message }) => `${path}: ${message}`).join('. '), {
      errors: resolved.errors,
    });
  }
  return { dialect, header, mapping, identity: resolved.resolved.identity };
}

/** The mapping that the request names; undefined when it names none. */
export async function givenMapping(postgres: Postgres, { mapping, profile }: ReadingRequest): Promise<Mapping | undefined> {
  if (mapping !== undefined && profile !== undefined)
    throw new ProblemError('invalid_request', 'Give either mapping or profile, not both.');
  if (profile !== undefined) {
    const found = await readProfile(postgres, profile);
    if (!found) throw new ProblemError('unknown_profile', `There is no profile "${profile}". GET /v1/profiles lists them.`);
    return found.mapping;
  }
  return mapping === undefined ? undefined : parseMapping(mapping);
}

function parseMapping(text: string): Mapping {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ProblemError('invalid_request', `mapping is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (mappingShape.Check(value)) {
    const fault = storableFault(value, 'mapping');
    if (fault) throw new ProblemError('invalid_request', `${fault.path}: ${fault.message}.`, { errors: [fault] });
    return value;
  }
  const errors = [...mappingShape.Errors(value)].map((error) => ({
    path: `mapping${error.instancePath}`,
    code: 'invalid_request',
    message: error.message,
  }));
  throw new ProblemError(
    'invalid_request',
    `mapping has not the right shape: ${errors[0]?.path ?? 'mapping'} ${errors[0]?.message ?? ''}`,
    { errors },
  );
}

async function inferredMapping(
  head: Uint8Array,
  complete: boolean,
  { dialect, header }: Extract<DialectOutcome, { ok: true }>,
): Promise<Mapping> {
  const samples: string[][] = [];
  for await (const batch of readRows([head] as unknown as AsyncIterable<Uint8Array>, {
    dialect,
    width: header.length,
    cutOff: !complete,
  })) {
    samples.push(...batch.cells.slice(0, SAMPLE_ROWS - samples.length));
    if (samples.length >= SAMPLE_ROWS) break;
  }
  const { mapping, errors } = inferMapping(header, samples);
  if (!mapping)
    throw new ProblemError('mapping_incomplete', `${errors.map(({ message }) => message).join('. ')}. Give a mapping, or a profile.`, {
      errors,
    });
  return mapping;
}

async function readHead(files: FileStore, importId: string, part: FilePart): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await files.read(importId, part, { end: HEAD_BYTES_MAX })) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
