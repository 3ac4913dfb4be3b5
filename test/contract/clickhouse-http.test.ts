/** ClickHouse over HTTP: the contract of the port, and what only a connection can do: break. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import { connectClickHouse } from '../../platform/clickhouse/http.ts';
import { migrateClickHouse } from '../../platform/clickhouse/migrate.ts';
import { isConnectionError } from '../../platform/http/problems.ts';
import { processStartedAt } from '../../platform/process-identity.ts';
import { openClickHouseHttp, startClickHouseFront } from '../support/clickhouse-http.ts';
import type { ClickHouseFront } from '../support/clickhouse-http.ts';
import { eventually } from '../support/eventually.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import type { TcpProxy } from '../support/tcp-proxy.ts';
import { clickhouseContract } from './clickhouse.contract.ts';
import { createUsageFixture } from './clickhouse-fixture.ts';

const logger = pino({ level: 'silent' });
const PATIENT_MS = 60_000;
/** The silence of a server is waited for to its end. */
const IMPATIENT_MS = 1_000;

clickhouseContract('HTTP', openClickHouseHttp);

describe('ClickHouse over HTTP', () => {
  let front: ClickHouseFront;
  let direct: ClickHouse;
  const usage = createUsageFixture(() => direct);

  const failureOf = async (call: Promise<unknown>): Promise<unknown> => {
    const outcome = await call.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(outcome).toBeInstanceOf(Error);
    return outcome;
  };
  const insertOf = (clickhouse: ClickHouse) => createUsageFixture(() => clickhouse).insert;

  beforeAll(async () => {
    front = await startClickHouseFront();
    direct = connectClickHouse({ ...front.server, requestTimeoutMs: PATIENT_MS, logger });
    await migrateClickHouse({ clickhouse: direct, logger });
  });
  afterAll(async () => {
    await direct.close();
    await front.close();
  });

  it.each(['stop', 'kill'] as const)('says that the server is away after a %s, and goes on once it is back', async (how) => {
    const id = usage.customer();
    await usage.insert([{ customer: id, offset: 1 }], `${how}:1`);
    await front[how]();
    const attempts = [
      direct.query({ name: 'away', sql: 'SELECT 1 AS one' }),
      usage.insert([{ customer: id, offset: 2 }], `${how}:2`),
      direct.command('SELECT 1'),
    ];
    for (const attempt of attempts) expect(await failureOf(attempt)).toSatisfy(isConnectionError);
    await front.start();
    await usage.insert([{ customer: id, offset: 2 }], `${how}:2`);
    expect(await usage.countOf(id)).toBe('2');
  });

  it('sends values that are too long for an address, as they are', async () => {
    const texts = Array.from({ length: 20_000 }, (_, k) => `it's\tcustomer\\ ${k}`);
    const sql = 'SELECT {texts:Array(String)}[20000] AS last, length({texts:Array(String)}) AS n, {text:String} AS text';
    expect(await usage.one(sql, { texts, text: "it's\t\\" })).toEqual({ last: texts.at(-1), n: '20000', text: "it's\t\\" });
  });

  it('does not take a wrong password for a server that is away', async () => {
    const stranger = connectClickHouse({ ...front.server, password: 'guessed', requestTimeoutMs: PATIENT_MS, logger });
    const failure = await failureOf(stranger.query({ name: 'stranger', sql: 'SELECT 1 AS one' }));
    expect(String(failure)).toMatch(/query stranger failed: Authentication failed/);
    expect(failure).not.toSatisfy(isConnectionError);
    await stranger.close();
  });

  describe('through a network that fails', () => {
    let proxy: TcpProxy;
    let clickhouse: ClickHouse;
    const connect = (requestTimeoutMs: number) =>
      connectClickHouse({ ...front.server, url: `http://127.0.0.1:${proxy.port}`, requestTimeoutMs, logger });

    beforeEach(async () => {
      const { hostname, port } = new URL(front.server.url);
      proxy = await startTcpProxy({ host: hostname, port: Number(port) });
    });
    afterEach(async () => {
      await clickhouse.close();
      await proxy.close();
    });

    it.each([
      ['cut', PATIENT_MS],
      ['silence', IMPATIENT_MS],
    ] as const)(
      'fails an insert whose answer is lost (%s), sends it once only, and under the same token inserts nothing',
      async (then, ms) => {
        const id = usage.customer();
        clickhouse = connect(ms);
        proxy.set({ kind: 'lost-answer', then });
        const failure = await failureOf(insertOf(clickhouse)([{ customer: id }], `lost-answer:${then}`));
        expect(failure).toSatisfy(isConnectionError);
        await eventually('the answer is lost', () => Promise.resolve(proxy.answersLost > 0));
        expect(proxy.connections).toBe(1);
        expect(await usage.countOf(id)).toBe('1');

        proxy.set({ kind: 'none' });
        await insertOf(clickhouse)([{ customer: id }], `lost-answer:${then}`);
        expect(await usage.countOf(id)).toBe('1');
      },
    );

    it('leaves nothing of an insert that breaks off, and takes it under the same token', async () => {
      const id = usage.customer();
      const rows = Array.from({ length: 100_000 }, (_, offset) => ({ customer: id, offset, quantity: String((offset * 7_919) % 100_003) }));
      clickhouse = connect(PATIENT_MS);
      proxy.set({ kind: 'cut-request', afterBytes: 100_000 });
      expect(await failureOf(insertOf(clickhouse)(rows, 'broken-off'))).toSatisfy(isConnectionError);
      expect(await usage.countOf(id)).toBe('0');

      proxy.set({ kind: 'none' });
      await insertOf(clickhouse)(rows, 'broken-off');
      expect(await usage.countOf(id)).toBe(String(rows.length));
    });

    it.each([
      ['query', () => clickhouse.query({ name: 'unanswered', sql: 'SELECT 1 AS one' })],
      ['command', () => clickhouse.command('SELECT 1')],
    ])('fails a %s whose connection is cut before the answer', async (_, call) => {
      clickhouse = connect(PATIENT_MS);
      proxy.set({ kind: 'lost-answer', then: 'cut' });
      expect(await failureOf(call())).toSatisfy(isConnectionError);
    });

    it('gives up on a query that gets no answer, and lets the next one through', async () => {
      clickhouse = connect(IMPATIENT_MS);
      proxy.set({ kind: 'lost-answer', then: 'silence' });
      const failure = await failureOf(clickhouse.query({ name: 'unanswered', sql: 'SELECT 1 AS one' }));
      expect(String(failure)).toMatch(/query unanswered failed: ClickHouse has not answered within 1000 ms/);
      expect(failure).toSatisfy(isConnectionError);
      proxy.set({ kind: 'none' });
      expect(await clickhouse.query({ name: 'answered', sql: 'SELECT 1 AS one' })).toEqual([{ one: 1 }]);
    });
  });
});

describe('the front that stands in for a server', () => {
  it('refuses settings in the address, which would stay', async () => {
    const front = await startClickHouseFront();
    try {
      const { url, username, password } = front.server;
      const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      const answer = await fetch(`${url}/?max_threads=1`, { method: 'POST', body: 'SELECT 1', headers: { authorization } });
      expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([400, '115']);
      expect(await (await fetch(`${url}/ping`)).text()).toBe('Ok.\n');
    } finally {
      await front.close();
    }
    expect(existsSync(front.directory)).toBe(false);
  });

  it('ends, and takes its data along, when the process that started it is killed', async () => {
    const script = `
      import { startClickHouseFront } from ${JSON.stringify(new URL('../support/clickhouse-http.ts', import.meta.url).href)};
      const { pid, directory } = await startClickHouseFront();
      process.stdout.write(JSON.stringify({ pid, directory }) + '\\n');`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await createInterface({ input: starter.stdout })[Symbol.asyncIterator]().next();
    const { pid, directory } = JSON.parse(String(line.value)) as { pid: number; directory: string };
    expect(await processStartedAt(pid)).toBeDefined();
    starter.kill('SIGKILL');
    await eventually('the front has ended', async () => (await processStartedAt(pid)) === undefined);
    expect(existsSync(directory)).toBe(false);
  });
});
