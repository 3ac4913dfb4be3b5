/**
 * Checks requests against their schemas. Query strings and path parameters arrive as text and are converted; a body is
 * taken as it is, so that a quantity sent as a JSON number is refused instead of having passed through a float.
 *
 * What a schema does not know is refused by name: a misspelt parameter that was ignored would answer another question.
 */
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import { type FieldError, ProblemError } from '../../core/errors.ts';
import { storableFault } from '../../core/storable-text.ts';
import { patternFault } from './pattern-faults.ts';

/** Errors listed for one request. A plan with every price wrong is mended in rounds; a longer list helps nobody. */
const ERRORS_MAX = 100;
/** How deep objects and lists may lie in each other. No schema needs ten; what is asked of every member would overflow the stack at thousands. */
const DEPTH_MAX = 64;

interface SchemaError {
  keyword: string;
  schemaPath: string;
  instancePath: string;
  params: object;
  message: string;
}

/** The validator compiler of the server. */
export function createValidatorCompiler(): FastifySchemaCompiler<TSchema> {
  Settings.Set({ maxErrors: ERRORS_MAX });
  return ({ schema, httpPart }) => {
    const validator = Compile(schema);
    const isText = httpPart !== 'body';
    return (input: unknown) => {
      const value = isText ? convertText(schema, validator.Default({ ...(input as object) })) : input;
      if (isDeeperThan(value, DEPTH_MAX))
        return { error: new ProblemError('invalid_request', `The body nests objects or lists more than ${DEPTH_MAX} deep.`) };
      const fault = storableFault(value);
      if (fault) return { error: refusal(httpPart, [fault]) };
      if (validator.Check(value)) return { value };
      return { error: refusal(httpPart, fieldErrors(validator.Errors(value), value)) };
    };
  };
}

/** Whole numbers and `true`/`false` as they are written; what is anything else stays text and is refused by the schema. */
function convertText(schema: TSchema, value: unknown): unknown {
  const { properties = {} } = schema as { properties?: Record<string, { type?: unknown }> };
  const entries = Object.entries(value as object).map(([name, text]: [string, unknown]) => {
    const type = Object.hasOwn(properties, name) ? properties[name]?.type : undefined;
    if (typeof text !== 'string') return [name, text];
    if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return [name, Number(text)];
    if (type === 'boolean' && (text === 'true' || text === 'false')) return [name, text === 'true'];
    return [name, text];
  });
  return Object.fromEntries(entries);
}

/** The errors a person can act on: one per fault, with the alternatives of a union that cannot be meant left out. */
export function fieldErrors(errors: readonly SchemaError[], value: unknown): FieldError[] {
  const found = new Map<string, FieldError>();
  for (const error of withoutMissedAlternatives(errors)) {
    for (const field of translate(error, value)) found.set(`${field.path} ${field.code} ${field.message}`, field);
  }
  return [...found.values()];
}

/**
 * Where a value matched none of several schemas, the errors of all of them are listed. A branch whose constant (such as
 * `model`) differs was not meant; when every branch differs there, the constants are the choices and make one error.
 */
function withoutMissedAlternatives(errors: readonly SchemaError[]): SchemaError[] {
  const constants = errors.filter((error) => error.keyword === 'const').map(branchOfConstant);
  const isMissed = (error: SchemaError) =>
    constants.some((missed) => isWithin(error.instancePath, missed.instancePath) && isWithin(error.schemaPath, missed.branch));
  const kept = errors.filter((error) => error.keyword !== 'const' && error.keyword !== 'anyOf' && !isMissed(error));
  const choices = new Map<string, { error: SchemaError; values: string[] }>();
  for (const { error, instancePath, union } of constants) {
    const anotherWasMeant = kept.some((other) => isWithin(other.instancePath, instancePath) && other.schemaPath.startsWith(union));
    if (anotherWasMeant) continue;
    const entry = choices.get(error.instancePath) ?? { error, values: [] };
    entry.values.push(String((error.params as { allowedValue?: unknown }).allowedValue));
    choices.set(error.instancePath, entry);
  }
  const chosen = [...choices.values()].map(({ error, values }) => ({
    ...error,
    keyword: 'enum',
    message: `must be ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}`,
  }));
  const explained = [...mergeTypes(kept), ...chosen];
  const unexplained = errors.filter(
    (error) => error.keyword === 'anyOf' && !explained.some((other) => isWithin(other.instancePath, error.instancePath)),
  );
  return [...explained, ...unexplained];
}

/** A value that may be text or null, or an object or null, and is one of the wrong form, is not told that it must be null. */
function mergeTypes(errors: readonly SchemaError[]): SchemaError[] {
  const unionOf = (error: SchemaError) => /^(.*\/anyOf)\/\d+$/.exec(error.schemaPath)?.[1];
  return errors.flatMap((error, i) => {
    const union = unionOf(error);
    if (union === undefined || error.keyword !== 'type') return [error];
    const siblings = errors.filter((other) => other.instancePath === error.instancePath && unionOf(other) === union);
    const wasMeant = (other: SchemaError) =>
      other.schemaPath.startsWith(`${union}/`) && other.instancePath.startsWith(`${error.instancePath}/`);
    if (siblings.some((other) => other.keyword !== 'type') || errors.some(wasMeant)) return [];
    const types = siblings.map((other) => String((other.params as { type?: unknown }).type));
    return errors.indexOf(siblings[0] ?? error) === i ? [{ ...error, message: `must be ${types.join(' or ')}` }] : [];
  });
}

/** For `…/anyOf/1/properties/model` at `/prices/0/model`: branch `…/anyOf/1` of the union at `/prices/0`. */
function branchOfConstant(error: SchemaError): { error: SchemaError; branch: string; union: string; instancePath: string } {
  const [, branch = error.schemaPath, member = ''] = /^(.*\/anyOf\/\d+)(\/.*)?$/.exec(error.schemaPath) ?? [];
  const instancePath = member === '' ? error.instancePath : error.instancePath.replace(/\/[^/]*$/, '');
  return { error, branch, union: branch.replace(/\d+$/, ''), instancePath };
}

function isWithin(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(`${ancestor}/`);
}

function translate(error: SchemaError, value: unknown): FieldError[] {
  const path = error.instancePath.replace(/^\//, '');
  const member = (name: string) => (path === '' ? name : `${path}/${name}`);
  const params = error.params as { additionalProperties?: readonly string[]; requiredProperties?: readonly string[]; pattern?: unknown };
  switch (error.keyword) {
    // `additionalProperties: false` is reported twice, once as a false schema without a name.
    case 'boolean':
      return [];
    case 'additionalProperties':
      return (params.additionalProperties ?? []).map((name) => ({
        path: member(name),
        code: 'unknown',
        message: `${name} is not known here`,
      }));
    case 'required':
      return (params.requiredProperties ?? []).map((name) => ({ path: member(name), code: 'missing', message: `${name} is missing` }));
    case 'pattern':
      return [
        { path, ...(patternFault(params.pattern, valueAt(value, error.instancePath)) ?? { code: 'pattern', message: error.message }) },
      ];
    default:
      return [{ path, code: error.keyword === 'anyOf' ? 'invalid' : error.keyword, message: error.message }];
  }
}

/** The value at a JSON pointer. */
function valueAt(value: unknown, pointer: string): unknown {
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  return names.reduce<unknown>(
    (found, name) => (typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[name] : undefined),
    value,
  );
}

function refusal(httpPart: string | undefined, errors: readonly FieldError[]): ProblemError {
  const place =
    httpPart === 'querystring'
      ? 'query parameter'
      : httpPart === 'params'
        ? 'path parameter'
        : httpPart === 'headers'
          ? 'header'
          : 'body member';
  const named = errors
    .slice(0, 3)
    .map((error) => (error.path === '' ? `body: ${error.message}` : `${place} "${error.path}": ${error.message}`));
  const more = errors.length > named.length ? `; and ${errors.length - named.length} more` : '';
  return new ProblemError('invalid_request', `${named.join('; ')}${more}.`, { errors });
}

/** Level by level, since each level of a recursion takes a place on the stack. */
function isDeeperThan(value: unknown, levels: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= levels; depth++) {
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
    if (level.length === 0) return false;
  }
  return true;
}
