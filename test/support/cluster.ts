/**
 * Distributed mode for tests: a real broker, a real Postgres, the real ClickHouse engine behind HTTP, a directory of files, and any
 * number of real Tallyline processes on them. All of it is the caller's alone, so that all of it can be killed.
 */
import type { ClickHouseFront } from './clickhouse-http.ts';
import { startClickHouseFront } from './clickhouse-http.ts';
import type { TestKafka } from './kafka.ts';
import { kafkaAvailable, startKafka } from './kafka.ts';
import type { PostgresServer } from './postgres-server.ts';
import { startPostgresServer } from './postgres-server.ts';
import type { Tallyline } from './tallyline.ts';
import { makeDataDirectory, startTallyline } from './tallyline.ts';
import type { TcpProxy } from './tcp-proxy.ts';
import { startTcpProxy } from './tcp-proxy.ts';

/** For `describe.skipIf(!brokerIsOurs)`, where the broker is killed or behind a proxy: one that is given to the tests is neither. */
export const brokerIsOurs = kafkaAvailable && !process.env['KAFKA_BROKERS'];

export interface ClusterProxies {
  readonly kafka: TcpProxy;
  readonly postgres: TcpProxy;
  readonly clickhouse: TcpProxy;
}

export interface Cluster {
  /** What a Tallyline process is started with. With `proxied`, it reaches all servers through the proxies. */
  readonly environment: Record<string, string>;
  /** Where the processes keep uploaded files. */
  readonly dataDirectory: string;
  readonly kafka: TestKafka;
  /** Straight to it, whatever is `proxied`. `kill` and `start`: same port, same data. */
  readonly clickhouse: ClickHouseFront;
  readonly postgres: PostgresServer;
  /** Straight to the server, whatever is `proxied`. */
  readonly postgresUrl: string;
  /** Throws unless the cluster is `proxied`. */
  readonly proxies: ClusterProxies;
  /** All processes started so far and not yet ended by `killAll`, in order. */
  readonly processes: readonly Tallyline[];
  /** A process with these roles, ready; the first also migrates the stores and makes the topic. */
  start(roles: string, environment?: Record<string, string>, args?: readonly string[]): Promise<Tallyline>;
  /** SIGKILL for every Tallyline process. */
  killAll(): Promise<void>;
  /** Stops all processes in order, then the servers, and removes everything. */
  close(): Promise<void>;
}

export interface ClusterOptions {
  partitions?: number;
  /** For every process. */
  environment?: Record<string, string>;
  proxied?: boolean;
  /** Of the broker, where it is ours. */
  jvmOptions?: readonly string[];
}

export async function startCluster({
  partitions = 6,
  environment = {},
  proxied = false,
  jvmOptions,
}: ClusterOptions = {}): Promise<Cluster> {
  let kafkaProxy: TcpProxy | undefined;
  const advertise = async (port: number) => {
    kafkaProxy = await startTcpProxy({ host: '127.0.0.1', port });
    return kafkaProxy.port;
  };
  const [kafka, postgres, clickhouse, files] = await Promise.all([
    startKafka({ ...(proxied ? { advertise } : {}), ...(jvmOptions ? { jvmOptions } : {}) }),
    startPostgresServer(),
    startClickHouseFront(),
    makeDataDirectory('tallyline-cluster-'),
  ]);
  const proxies = kafkaProxy && {
    kafka: kafkaProxy,
    postgres: await startTcpProxy({ host: '127.0.0.1', port: postgres.port }),
    clickhouse: await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(clickhouse.server.url).port) }),
  };
  const through = (url: string, proxy: TcpProxy | undefined) => {
    const there = new URL(url);
    if (proxy !== undefined) there.port = String(proxy.port);
    return there.href;
  };
  const topic = kafka.name();
  const settings: Record<string, string> = {
    TALLYLINE_MODE: 'distributed',
    TALLYLINE_ADMIN_KEY: 'one-key-for-all-processes',
    TALLYLINE_KAFKA_BROKERS: kafka.brokers.join(','),
    TALLYLINE_KAFKA_TOPIC: topic,
    TALLYLINE_KAFKA_DEAD_LETTER_TOPIC: `${topic}-dead-letters`,
    TALLYLINE_KAFKA_GROUP: topic,
    TALLYLINE_KAFKA_PARTITIONS: String(partitions),
    TALLYLINE_POSTGRES_URL: through(postgres.url, proxies?.postgres),
    TALLYLINE_CLICKHOUSE_URL: through(clickhouse.server.url, proxies?.clickhouse),
    TALLYLINE_CLICKHOUSE_USERNAME: clickhouse.server.username,
    TALLYLINE_CLICKHOUSE_PASSWORD: clickhouse.server.password,
    ...environment,
  };
  let processes: Tallyline[] = [];
  return {
    environment: settings,
    dataDirectory: files.path,
    kafka,
    clickhouse,
    postgres,
    postgresUrl: postgres.url,
    get proxies() {
      if (proxies === undefined) throw new Error('the cluster was not started with `proxied`');
      return proxies;
    },
    get processes() {
      return processes;
    },
    async start(roles, more = {}, args = []) {
      const started = await startTallyline({ dataDirectory: files.path, env: { ...settings, ...more }, args: ['--roles', roles, ...args] });
      processes.push(started);
      return started;
    },
    async killAll() {
      await Promise.all(processes.map((running) => running.kill()));
      processes = [];
    },
    async close() {
      try {
        await Promise.all(processes.map((running) => running.stop()));
      } finally {
        await Promise.all([kafka.stop(), postgres.close(), clickhouse.close()]);
        await Promise.all(Object.values(proxies ?? {}).map((proxy) => proxy.close()));
        await files.remove();
      }
    },
  };
}
