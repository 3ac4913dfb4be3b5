/** `POST /v1/events`: one event, or some. */
import { Type } from 'typebox';
import { ProblemError, type FieldError } from '../../core/errors.ts';
import { SENDERS } from '../../platform/access/roles.ts';
import type { Platform } from '../../platform/platform.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { strictObject } from '../../schemas/http/common.ts';
import { EventsAnswer } from '../../schemas/http/streams.ts';
import type { Admission } from '../admission.ts';
import { dropRest } from '../../platform/http/drop-rest.ts';
import { EventCollector } from '../events/collector.ts';
import { createEventCheck } from '../events/event-check.ts';
import { EVENTS_MAX, readEvents } from '../events/read-events.ts';
import type { Leases } from '../leases.ts';

/** 10,000 events of 400 bytes. Who has more sends a stream. */
const BODY_BYTES_MAX = 4_194_304;

const DESCRIPTION = `An event \`{ id, customer, meter, time, quantity, properties? }\`, or an array of at most ${EVENTS_MAX}. Quantities are decimal strings, or JSON numbers,
which are taken digit by digit. CloudEvents 1.0 in structured, batch and binary mode: \`source\` and \`id\` together are the id, \`subject\` the customer, \`type\` the meter
(unless \`data.meter\` names one), \`data.quantity\` the quantity, and the rest of \`data\` properties.

202: what is not in \`rejected\` is in the event log and in the file store. The others of an array are taken even if some are refused; where all are, the answer is 422. Events that
are sent again with the same id are duplicates, in no sum.`;

export interface EventRoutesOptions {
  platform: Platform;
  leases: Leases;
  admit: Admission;
}

export async function eventRoutes(app: HttpServer, { platform, leases, admit }: EventRoutesOptions): Promise<void> {
  const collectors = new Map<string, EventCollector>();
  const collectorOf = (createdBy: string): EventCollector => {
    const known = collectors.get(createdBy);
    if (known !== undefined) return known;
    const collector = new EventCollector({ platform, leases, createdBy });
    collectors.set(createdBy, collector);
    return collector;
  };
  // Once the last call has its answer.
  app.addHook('onClose', async () => {
    await Promise.all([...collectors.values()].map((collector) => collector.close()));
  });

  // A scope of its own: bodies are taken as they are, since parsing would round their numbers.
  await app.register(async (scope: HttpServer) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX }, (_request, body, done) => done(null, body));
    scope.addHook('onRequest', async (request) => {
      try {
        await admit(Number(request.headers['content-length'] ?? 0));
      } catch (error) {
        dropRest(request.raw);
        throw error;
      }
    });
    scope.post(
      '/v1/events',
      {
        bodyLimit: BODY_BYTES_MAX,
        config: { access: SENDERS },
        schema: {
          tags: ['imports'],
          operationId: 'sendEvents',
          summary: 'Send events as JSON or CloudEvents',
          description: DESCRIPTION,
          querystring: strictObject({}),
          body: Type.Unknown(),
          response: { 202: EventsAnswer },
        },
      },
      async (request, reply) => {
        const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
        const texts = readEvents(body, request.headers);
        const check = createEventCheck(platform.clock.now().getTime());
        const rejected: EventsAnswer['rejected'] = [];
        const sound = texts.filter((text, index) => {
          const fault = check(text);
          if (fault !== undefined) rejected.push({ index, column: fault.column, code: fault.code, message: fault.message });
          return fault === undefined;
        });
        if (sound.length === 0 && rejected.length > 0) throw allRefused(rejected);
        const importId = sound.length > 0 ? await collectorOf(callerOf(request).name).add(sound) : null;
        return reply.code(202).send({ accepted: sound.length, importId, rejected });
      },
    );
  });
}

function allRefused(rejected: EventsAnswer['rejected']): ProblemError {
  const errors: FieldError[] = rejected.map(({ index, column, code, message }) => ({
    path: column === null ? String(index) : `${index}/${column}`,
    code,
    message,
  }));
  const [first] = rejected;
  const what = rejected.length === 1 ? 'The event was' : `All ${rejected.length} events were`;
  return new ProblemError('unprocessable', `${what} refused${rejected.length === 1 ? '' : '; the first'}: ${first?.message ?? ''}.`, {
    errors,
  });
}
