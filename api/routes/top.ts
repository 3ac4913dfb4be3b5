/** `/v1/top`: the largest customers of a meter, or the meters, against the period before. */
import { READERS } from '../../platform/access/roles.ts';
import { instantText, type Window } from '../../core/window.ts';
import { customerWithin, scopeOf } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Top, TopQuery } from '../../schemas/http/top.ts';
import { readRange } from '../instants.ts';
import { defaultZone } from '../usage/default-zone.ts';
import { readWatermark } from '../queries/watermark.ts';
import { comparedTo, previousPeriod } from '../usage/previous-period.ts';
import { readTopCustomers, readTopMeters } from '../usage/top.ts';
import { type Grain, requireTimeZone, windowsOf } from '../usage/windows.ts';
import { DAY_MS } from '../../core/zone.ts';

const HOURLY_UP_TO_MS = 8 * DAY_MS;
const DAILY_UP_TO_MS = 200 * DAY_MS;

export function registerTop(server: HttpServer, platform: Platform): void {
  server.get('/v1/top', {
    config: { access: READERS },
    schema: {
      operationId: 'getTop',
      summary: 'The largest customers of a meter, or the meters, with shares, bars and the period before',
      description:
        'The period before has the same length and ends where the range begins; whole months are compared with as many months, whole days with as many days. ' +
        'Without `grain`, bars are hours up to 8 days, days up to 200, else months.',
      tags: ['usage'],
      querystring: TopQuery,
      response: { 200: Top },
    },
    handler: async (request) => {
      const scope = scopeOf(callerOf(request));
      const { by, meter, limit = 5, grain } = request.query;
      const customer = customerWithin(scope, request.query.customer);
      const watermark = await readWatermark(platform);
      const { from, to } = readRange(request.query.from, request.query.to);
      const range: Window = { from: from.epochMs, to: to.epochMs };
      const timeZone = request.query.timeZone === undefined ? await defaultZone(platform, scope) : requireTimeZone(request.query.timeZone);
      const bars = grain ?? grainOf(range);
      const windows = windowsOf(range, bars, timeZone);
      const previous = previousPeriod(range, timeZone);
      const until = comparedTo(range, previous, platform.clock.now().getTime());
      const previousWindows = windowsOf(previous, bars, timeZone);
      const options = { scope, customer, limit, windows, previousWindows, comparedTo: until };
      const figures = by === 'meter' ? await readTopMeters(platform, options) : await readTopCustomers(platform, { ...options, meter });
      return {
        ...figures,
        windows: windows.map((window) => ({ start: instantText(window.from), end: instantText(window.to) })),
        previous: { from: instantText(previous.from), to: instantText(previous.to), comparedTo: instantText(until) },
        timeZone,
        asOf: watermark.asOf,
      };
    },
  });
}

function grainOf({ from, to }: Window): Grain {
  const length = to - from;
  return length <= HOURLY_UP_TO_MS ? 'hour' : length <= DAILY_UP_TO_MS ? 'day' : 'month';
}
