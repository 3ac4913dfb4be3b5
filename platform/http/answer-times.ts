/**
 * How long an answer may take. What is read from the stores and sent as a whole has a limit; uploads, streams and live feeds last as long as
 * they last; files and exports are cut off when their reader does not read, because they hold a connection of the database.
 */
import type { RouteOptions } from 'fastify';
import type { HttpServer } from './http-server.ts';

/** ClickHouse is asked for a minute at the most, and what a plan would change is rated for every customer: minutes where there are many. */
const ANSWER_MS_MAX = 300_000;
/** A reader that takes not a byte for this long is gone, or slow on purpose. Longer than the stores take to find the next row. */
const STALLED_MS_MAX = 120_000;

/** Before any route. */
export function limitAnswerTimes(server: HttpServer): void {
  server.addHook('onRoute', (route) => {
    if (answersWhole(route)) route.handlerTimeout ??= ANSWER_MS_MAX;
  });
  server.addHook('onSend', async (_request, { raw }, payload) => {
    if (isStream(payload)) raw.setTimeout(STALLED_MS_MAX, () => raw.destroy());
  });
}

/** Reads with a JSON answer, and calls with a JSON body. */
function answersWhole({ method, schema }: RouteOptions): boolean {
  if (schema?.hide === true) return false;
  const isRead = [method].flat().every((name) => name === 'GET' || name === 'HEAD');
  return isRead ? hasJsonAnswer(schema?.response) : schema?.body !== undefined;
}

/** A response that is described by the kinds of its content is no JSON: CSV, PDF, server-sent events. */
function hasJsonAnswer(response: unknown): boolean {
  const ok: unknown = typeof response === 'object' && response !== null ? Reflect.get(response, '200') : undefined;
  return typeof ok === 'object' && ok !== null && !('content' in ok);
}

/** What is sent piece by piece. */
export function isStream(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && 'pipe' in payload;
}
