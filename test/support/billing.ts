/** The api role beside real consumers: what is appended to the log is billed over HTTP. */
import { apiRoutes } from '../../api/app.ts';
import { carryOutRun } from '../../api/billing/runs.ts';
import { readLines, readRecordAt } from '../../ingest/csv/line-index.ts';
import type { Clock } from '../../platform/clock.ts';
import { createHttpServer, type HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import type { BillingRun } from '../../schemas/http/billing-runs.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import type { UsageEvent } from '../../schemas/usage-event.ts';
import { ABOUT } from './about.ts';
import { ADMIN_KEY } from './api.ts';
import { openTestStores, type TestPipeline } from './consumers.ts';
import { usageEvent } from './usage-event.ts';

/** When the tests take place, unless they say otherwise: October and November are over. */
export const NOW = '2026-12-05T12:00:00Z';

export interface Answer {
  status: number;
  body: unknown;
  text: string;
}

export type TestBilling = Awaited<ReturnType<typeof openTestBilling>>;

export async function openTestBilling() {
  const stores = await openTestStores();
  const pipeline = await stores.open(2);
  const time = { now: NOW };
  const clock: Clock = { now: () => new Date(time.now), monotonicMs: () => performance.now() };
  const platform: Platform = { ...pipeline.platform, clock };
  const server = await createHttpServer({ platform, adminKey: ADMIN_KEY, dashboardDirectory: undefined });
  await server.register(apiRoutes(platform, { readLines, readRecordAt }, ABOUT));
  await server.ready();
  return new Billing(platform, pipeline, server, time, async () => {
    await server.close();
    await pipeline.close();
    await stores.close();
  });
}

class Billing {
  readonly platform: Platform;
  readonly pipeline: TestPipeline;
  readonly #server: HttpServer;
  readonly time: { now: string };
  readonly close: () => Promise<void>;
  #events = 0;

  constructor(platform: Platform, pipeline: TestPipeline, server: HttpServer, time: { now: string }, close: () => Promise<void>) {
    this.platform = platform;
    this.pipeline = pipeline;
    this.#server = server;
    this.time = time;
    this.close = close;
  }

  async call(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    payload?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await this.#server.inject({
      method,
      url,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, ...headers },
      ...(payload === undefined ? {} : { payload }),
    });
    const isJson = String(response.headers['content-type']).includes('json');
    return { status: response.statusCode, body: isJson ? (response.json() as unknown) : undefined, text: response.body };
  }

  /** A file as it comes, with the admin key unless other headers are given. */
  async download(
    url: string,
    headers: Record<string, string> = { authorization: `Bearer ${ADMIN_KEY}` },
  ): Promise<{ status: number; bytes: Buffer; headers: Record<string, unknown> }> {
    const response = await this.#server.inject({ method: 'GET', url, headers });
    return { status: response.statusCode, bytes: response.rawPayload, headers: response.headers };
  }

  /** The body of a call that has to succeed. */
  async ok<Body>(method: 'GET' | 'POST' | 'PUT', url: string, payload?: object): Promise<Body> {
    const { status, body, text } = await this.call(method, url, payload);
    if (status >= 300) throw new Error(`${method} ${url}: ${status} ${text}`);
    return body as Body;
  }

  /** Puts events into the log and lets the consumers take them in. */
  async use(events: readonly (Partial<UsageEvent> & Pick<UsageEvent, 'customer' | 'time' | 'quantity'>)[], importId = '1'): Promise<void> {
    await this.pipeline.publish(
      events.map(({ time, ...event }) =>
        usageEvent({ id: `e${++this.#events}`, line: this.#events, importId, time: time.replace('Z', '.000000Z'), ...event }),
      ),
    );
    await this.pipeline.drain();
  }

  /** A plan of its own for the customer: `unitPrice` per request unless other prices are given. */
  async setUp(customer: string, terms: { customer?: object; plan?: object; unitPrice?: string } = {}): Promise<void> {
    const prices = [{ meter: 'requests', model: 'per_unit', unitPrice: terms.unitPrice ?? '1' }];
    const currency = 'USD';
    await this.ok('PUT', `/v1/plans/plan-${encodeURIComponent(customer)}`, { name: 'Plan', currency, prices, ...terms.plan });
    await this.ok('PUT', `/v1/customers/${encodeURIComponent(customer)}`, { plan: `plan-${customer}`, currency, ...terms.customer });
  }

  /** Carries a run out as the process that holds the lock does. */
  async run(period: string, customers?: readonly string[]): Promise<BillingRun> {
    const { id } = await this.ok<BillingRun>('POST', '/v1/billing-runs', { period, ...(customers === undefined ? {} : { customers }) });
    while (await carryOutRun(this.platform, new AbortController().signal));
    return this.ok<BillingRun>('GET', `/v1/billing-runs/${id}`);
  }

  /** The stored invoice of a customer and month that is not void. */
  async invoiceOf(customer: string, period: string): Promise<Invoice & { id: string }> {
    const { items } = await this.ok<{ items: { id: string; status: string }[] }>(
      'GET',
      `/v1/invoices?customer=${encodeURIComponent(customer)}&period=${period}`,
    );
    const found = items.find(({ status }) => status !== 'void');
    if (found === undefined) throw new Error(`no invoice of ${customer} for ${period}`);
    return this.ok('GET', `/v1/invoices/${found.id}`);
  }

  /** Runs the month for the customer and makes its invoice final. */
  async bill(customer: string, period: string): Promise<Invoice & { id: string }> {
    await this.run(period, [customer]);
    const { id } = await this.invoiceOf(customer, period);
    return this.ok('POST', `/v1/invoices/${id}/finalize`, {});
  }
}
