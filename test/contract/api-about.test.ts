/** What every page asks beside its own figures: what runs here, and how many customers wait to be set up. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ABOUT } from '../support/about.ts';
import { openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

it('says what runs here, to staff alone', async () => {
  expect((await api.get('/v1/about')).body).toEqual(ABOUT);
  const anybody = await api.server.inject('/v1/about');
  expect([anybody.statusCode, anybody.body.includes(ABOUT.dataDirectory)]).toEqual([401, false]);
});

it('counts the customers who were seen and are not set up, a thousand at most', async () => {
  const waiting = async () => (await api.get('/v1/unassigned-customers')).body;
  expect(await waiting()).toEqual({ count: 0, isMore: false });
  await api.fill(['a', 'b'].map((customer) => ({ customer, meter: 'calls', time: '2026-10-01T00:00:00Z', quantity: '1' })));
  expect(await waiting()).toEqual({ count: 2, isMore: false });
  await api.send('PUT', '/v1/customers/a', { name: 'A' });
  expect(await waiting()).toEqual({ count: 1, isMore: false });
  await api.platform.postgres.query(`INSERT INTO customers (id) SELECT 'many-' || n FROM generate_series(1, 999) AS n`);
  expect(await waiting()).toEqual({ count: 1000, isMore: false });
  await api.platform.postgres.query(`INSERT INTO customers (id) VALUES ('one-more')`);
  expect(await waiting()).toEqual({ count: 1000, isMore: true });
});
