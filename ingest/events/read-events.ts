/** The events of a request, as one line of JSON each: our own shape, and CloudEvents 1.0 in all three modes of its HTTP binding. */
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { ProblemError } from '../../core/errors.ts';
import { splitJsonItems } from '../../core/json-text.ts';

/** A call has an answer soon, and memory for its events: who has more sends a stream. */
export const EVENTS_MAX = 10_000;

/** Throws where the body as a whole is not what it says. Whether each event is sound is looked at later. */
export function readEvents(body: Uint8Array, headers: IncomingHttpHeaders): string[] {
  if (!isUtf8(body)) throw new ProblemError('invalid_request', 'The body is not UTF-8.');
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    .toString()
    .replace(/^\ufeff/, '');
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/cloudevents+json') return readItems(text, 'object');
  if (type === 'application/cloudevents-batch+json') return readItems(text, 'array');
  if (headers['ce-specversion'] !== undefined) return [readBinary(text, type, headers)];
  if (type === 'application/json') return readItems(text, 'either');
  throw new ProblemError(
    'unsupported_media_type',
    `Events are application/json, application/cloudevents+json or application/cloudevents-batch+json, and this is ${type === '' ? 'of no type' : type}. Lines of JSON go to /v1/stream.`,
  );
}

function readItems(text: string, expected: 'object' | 'array' | 'either'): string[] {
  const items = splitJsonItems(text);
  if (!items.ok) throw new ProblemError('invalid_request', `The body is not JSON: ${items.message}.`);
  if (expected !== 'either' && items.isArray !== (expected === 'array')) {
    throw new ProblemError(
      'invalid_request',
      items.isArray
        ? 'The body is an array; a batch of CloudEvents is application/cloudevents-batch+json.'
        : 'The body is no array; a single CloudEvent is application/cloudevents+json.',
    );
  }
  if (items.texts.length > EVENTS_MAX)
    throw new ProblemError(
      'payload_too_large',
      `The body has ${items.texts.length} events; ${EVENTS_MAX} are the most. /v1/stream takes any number.`,
    );
  return items.texts.map(onOneLine);
}

/** Binary mode: the attributes are headers, the body is the data. Kept as what the same event is in structured mode. */
function readBinary(text: string, type: string, headers: IncomingHttpHeaders): string {
  const members = Object.entries(headers).flatMap(([name, value]) => {
    if (!name.startsWith('ce-') || typeof value !== 'string') return [];
    return [`${JSON.stringify(name.slice(3))}:${JSON.stringify(decodeAttribute(name, value))}`];
  });
  if (type !== '') members.push(`"datacontenttype":${JSON.stringify(type)}`);
  if (text.trim() !== '') {
    const data = splitJsonItems(text);
    if (!data.ok) throw new ProblemError('invalid_request', `The data of the CloudEvent is not JSON: ${data.message}.`);
    members.push(`"data":${onOneLine(text.trim())}`);
  }
  return `{${members.join(',')}}`;
}

/** What is not ASCII stands percent-encoded in a header (HTTP binding 1.0.2, 3.1.3.2). */
function decodeAttribute(name: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new ProblemError('invalid_request', `The header ${name} has a "%" that no two hexadecimal digits of UTF-8 follow.`);
  }
}

/** Between the tokens of JSON a line ending is a space like any other, and within them there is none. */
function onOneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}
