/** The files that run Tallyline distributed, held against the code that they run: names, ports, paths and limits agree. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig, ROLES, type Config } from '../../config.ts';
import { CADDY_VERSION } from '../support/provision-caddy.ts';

interface Service {
  image: string;
  restart?: string;
  command?: string[];
  environment?: Record<string, string>;
  volumes?: string[];
  ports?: string[];
  healthcheck?: { test?: string[]; disable?: boolean };
  depends_on?: Record<string, { condition: string }>;
  deploy?: { replicas: number };
  stop_grace_period?: string;
}

interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const { version, scripts, dependencies } = JSON.parse(read('package.json')) as {
  version: string;
  scripts: { start: string };
  dependencies: { node: string };
};

/** What `.env.example` asks for, filled in. */
const SECRETS = { POSTGRES_PASSWORD: 'aaaaaaaaaaaaaaaa', CLICKHOUSE_PASSWORD: 'bbbbbbbbbbbbbbbb', TALLYLINE_ADMIN_KEY: 'cccccccccccccccc' };

/** `${NAME:?why}` and `${NAME:-default}`, innermost first, as Compose fills them in. */
function interpolate(text: string, variables: Readonly<Record<string, string>>): string {
  const filled = text.replaceAll(
    /\$\{(\w+)(?::([?-])([^${}]*))?\}/g,
    (_, name: string, kind: string | undefined, rest: string | undefined) => {
      const value = variables[name] ?? '';
      if (value === '' && kind === '?') throw new Error(`${name} ${rest}`);
      return value === '' ? (rest ?? '') : value;
    },
  );
  return filled === text ? text : interpolate(filled, variables);
}

const compose = (variables: Readonly<Record<string, string>> = SECRETS) =>
  parse(interpolate(read('docker-compose.yml'), variables), { merge: true }) as Compose;

const { services, volumes } = compose();
const ours = Object.entries(services).filter(([, { image }]) => image.startsWith('tallyline:'));
const onStores = ours.filter(([name]) => name !== 'dashboard');
const dockerfile = read('Dockerfile');

function configOf({ command, environment }: Pick<Service, 'command' | 'environment'>): Config {
  const outcome = readConfig(command ?? [], environment ?? {});
  if (!outcome.ok) throw new Error(outcome.faults.join('\n'));
  return outcome.config;
}

describe('docker-compose.yml', () => {
  test('runs every role once, as a service of its name, and migrates before', () => {
    const roles = ours.filter(([name]) => name !== 'migrate');
    expect(roles.map(([name]) => name).sort()).toEqual([...ROLES].sort());
    for (const [name, service] of roles) {
      expect(configOf(service)).toMatchObject({ command: undefined, roles: new Set([name]), host: '0.0.0.0' });
    }
    for (const [name, service] of onStores.filter(([name]) => name !== 'migrate')) {
      expect(configOf(service).dataDirectory, name).toBe('/data');
      expect(service.depends_on, name).toEqual({ migrate: { condition: 'service_completed_successfully' } });
    }
    expect(configOf(services['migrate'] as Service).command).toBe('migrate');
    expect(services['consumers']?.deploy?.replicas).toBe(2);
  });

  test.each(ours)('%s has no fault in its configuration, and no name that the code does not read', (_, service) => {
    configOf(service);
    const known = new Set(
      `${read('config.ts')}${read('config-access.ts')}${read('config-limits.ts')}${read('config-network.ts')}${read('cli/config.ts')}`.match(
        /\b(TALLYLINE_\w+|PORT)\b/g,
      ),
    );
    expect(Object.keys(service.environment ?? {}).filter((name) => !known.has(name))).toEqual([]);
  });

  test('believes the gateway about who calls, which nobody else can pass by', () => {
    for (const [name, service] of ours) {
      expect(configOf(service).trustedProxies, name).toEqual(['uniquelocal']);
      expect(service.ports, name).toBeUndefined();
    }
    // What a caller claims about itself, the gateway replaces by what it sees.
    expect(read('gateway/Caddyfile')).not.toMatch(/^\s*trusted_proxies/m);
  });

  test('gives the dashboard no secret, no file and nothing to wait for', () => {
    const { environment = {}, volumes, depends_on } = services['dashboard'] as Service;
    expect(Object.values(SECRETS).filter((secret) => Object.values(environment).some((value) => value.includes(secret)))).toEqual([]);
    expect([volumes, depends_on]).toEqual([[], {}]);
  });

  test.each(onStores)('%s names stores that are services, at the ports they listen on', (_, service) => {
    const { servers } = configOf(service);
    expect(servers?.kafka.partitions).toBeGreaterThanOrEqual(2);
    const { hostname, port, pathname, username, password } = new URL(servers?.postgresUrl ?? '');
    expect([hostname, port, pathname, username, password]).toEqual([
      'postgres',
      '5432',
      `/${services['postgres']?.environment?.['POSTGRES_DB']}`,
      services['postgres']?.environment?.['POSTGRES_USER'],
      services['postgres']?.environment?.['POSTGRES_PASSWORD'],
    ]);
    const clickhouse = services['clickhouse']?.environment;
    expect(servers?.clickhouse).toEqual({
      url: 'http://clickhouse:8123',
      username: clickhouse?.['CLICKHOUSE_USER'],
      password: clickhouse?.['CLICKHOUSE_PASSWORD'],
    });
    const kafka = services['kafka']?.environment;
    expect(kafka?.['KAFKA_ADVERTISED_LISTENERS']).toBe(`PLAINTEXT://${servers?.kafka.brokers.join()}`);
    expect(kafka?.['KAFKA_AUTO_CREATE_TOPICS_ENABLE']).toBe('false');
  });

  test.each(Object.keys(SECRETS))('refuses to start without %s', (name) => {
    expect(() => compose({ ...SECRETS, [name]: '' })).toThrow(`${name} is not set`);
    expect(read('.env.example')).toMatch(new RegExp(`^${name}=$`, 'm'));
  });

  test.each(Object.entries(services))('%s is pinned, restarted, checked, and keeps its data in named volumes', (name, service) => {
    expect(service.image).toMatch(/^[\w./-]+:\d+\.\d+(\.\d+)?$/);
    expect(service.restart).toBe(name === 'migrate' ? 'no' : 'unless-stopped');
    expect(service.healthcheck?.test ?? service.healthcheck?.disable).toEqual(name === 'migrate' ? true : expect.any(Array));
    const sources = (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? '');
    expect(sources.filter((source) => !Object.hasOwn(volumes, source))).toEqual(name === 'gateway' ? ['./gateway/Caddyfile'] : []);
    for (const needed of Object.keys(service.depends_on ?? {})) expect(Object.keys(services)).toContain(needed);
  });

  test('asks each role for its readiness at the port it listens on, and gives it time to stop', () => {
    for (const [name, service] of ours.filter(([name]) => name !== 'migrate')) {
      expect(service.healthcheck?.test?.join(' '), name).toContain(`http://127.0.0.1:${configOf(service).port}/health/ready`);
      expect(Number(/^(\d+)s$/.exec(service.stop_grace_period ?? '')?.[1])).toBeGreaterThanOrEqual(stopSeconds());
    }
  });

  test('lets only the gateway be reached from outside, and by default only from this machine', () => {
    expect(Object.entries(services).flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]))).toEqual([
      ['gateway', '127.0.0.1:4000:80'],
    ]);
    expect(configOf(services['api'] as Service).publicUrl).toBe('http://localhost:4000');
  });
});

/** The caps of the phases that a process of one role stops in: HTTP, its work, the log, ClickHouse, Postgres. */
function stopSeconds(): number {
  const cap = (path: string, name: string) => {
    const value = new RegExp(`const ${name} = \\{.*stopCapMs: ([\\d_]+)`).exec(read(path))?.[1];
    if (value === undefined) throw new Error(`${path} has no ${name} with a stopCapMs`);
    return Number(value.replaceAll('_', '')) / 1000;
  };
  return 2 * cap('serve.ts', 'PHASE') + 3 * cap('platform/assemble.ts', 'STORE_PHASE');
}

describe('gateway/Caddyfile', () => {
  const paths = (matcher: string) => new RegExp(`@${matcher} (?:\\{\\s+)?path (.*)`).exec(read('gateway/Caddyfile'))?.[1]?.split(' ') ?? [];
  const notIngest = /@ingest \{[^}]*not path (.*)/.exec(read('gateway/Caddyfile'))?.[1]?.split(' ') ?? [];
  const routed = (path: string): string => {
    const matches = (pattern: string) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(path);
    if (paths('ingest').some(matches) && !notIngest.some(matches)) return 'ingest';
    return paths('api').some(matches) ? 'api' : 'dashboard';
  };

  test('sends each route to the role that has it', () => {
    const routes = (role: string) =>
      [...role.matchAll(/'(\/(?:v1|health)\/[^']*)'/g)]
        .map(([, path]) => (path ?? '').replaceAll(/:\w+/g, 'x'))
        .filter((path) => path !== '/v1/');
    const sources = (folder: string) => listSources(folder).map(read).join('\n');
    const [ingest, api] = [routes(sources('ingest')), routes(sources('api'))];
    expect(ingest.length).toBeGreaterThan(5);
    expect(api.length).toBeGreaterThan(10);
    expect(ingest.filter((path) => routed(path) !== 'ingest')).toEqual([]);
    expect(api.filter((path) => routed(path) !== 'api')).toEqual([]);
    expect(['/health/ready', '/docs', '/docs/json', '/openapi.json', '/v1/session'].map(routed)).toEqual(Array(5).fill('api'));
    expect(['/', '/imports', '/sign-in', '/_app/version.json'].map(routed)).toEqual(Array(4).fill('dashboard'));
  });

  test('is tried in the Caddy that runs it, and claims to answer while it takes only what the option makes true', () => {
    expect(services['gateway']?.image).toBe(`caddy:${CADDY_VERSION}`);
    expect(/^\t\tenable_full_duplex$/m.test(read('gateway/Caddyfile'))).toBe(true);
    expect(/reverse_proxy ingest:4000 \{[^}]*header_up Tallyline-Full-Duplex 1$/m.test(read('gateway/Caddyfile'))).toBe(true);
  });

  test('forwards to the services and the port they listen on', () => {
    const targets = [...read('gateway/Caddyfile').matchAll(/reverse_proxy (\S+):(\d+)/g)].map(([, host, port]) => [host, Number(port)]);
    expect(targets).toEqual(['ingest', 'api', 'dashboard'].map((name) => [name, configOf(services[name] as Service).port]));
  });
});

function listSources(folder: string): string[] {
  const found = new Set<string>();
  const visit = (path: string) => {
    for (const [, name] of read(path).matchAll(/from '(\.\.?\/[^']+)'/g)) {
      const next = join(path, '..', name ?? '');
      if (!next.startsWith(`${folder}/`) || found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  found.add(`${folder}/app.ts`);
  visit(`${folder}/app.ts`);
  return [...found];
}

describe('Dockerfile', () => {
  test('uses the Node of package.json with the flags of npm start, as another user than root', () => {
    expect(dockerfile).toContain(`ARG NODE_IMAGE=node:${dependencies.node}-bookworm-slim`);
    const flags = scripts.start.split(' ').filter((word) => word !== '');
    expect(dockerfile).toContain(`ENTRYPOINT ${JSON.stringify(flags).replaceAll(',', ', ')}`);
    expect(dockerfile.lastIndexOf('USER node')).toBeGreaterThan(dockerfile.lastIndexOf('FROM '));
    expect(services['api']?.image).toBe(`tallyline:${version}`);
  });

  test('copies what the program imports, and nothing that .dockerignore keeps away', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, sources]) => (sources ?? '').split(' '));
    const sent = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect(copied.filter((path) => !sent.some((entry) => path === entry || path.startsWith(`${entry}/`)))).toEqual([]);
    expect(copied).toEqual(
      expect.arrayContaining([
        'main.ts',
        'serve.ts',
        'config.ts',
        'config-access.ts',
        'config-limits.ts',
        'schemas',
        'core',
        'platform',
        'ingest',
        'consumers',
        'api',
        'cli',
      ]),
    );
  });

  test('is configured so that only the servers and the key are missing', () => {
    const environment = Object.fromEntries(
      [...(/^ENV (.*)$/m.exec(dockerfile)?.[1] ?? '').matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
    );
    const outcome = readConfig([], environment);
    expect(outcome.ok ? [] : outcome.faults.map((fault) => fault.split(' ')[0])).toEqual([
      'TALLYLINE_ADMIN_KEY',
      'TALLYLINE_KAFKA_BROKERS',
      'TALLYLINE_POSTGRES_URL',
      'TALLYLINE_CLICKHOUSE_URL',
    ]);
  });
});

interface Pm2App {
  name: string;
  args: string[];
  node_args: string[];
  instances?: number;
  kill_timeout: number;
  env: Record<string, string>;
}

describe('ecosystem.config.cjs', () => {
  const { apps } = createRequire(import.meta.url)('../../ecosystem.config.cjs') as { apps: Pm2App[] };
  const shared = services['api']?.environment ?? {};

  test('runs every role as a process of its own, on a port of its own, and gives it time to stop', () => {
    expect(apps.map(({ name }) => name).sort()).toEqual([...ROLES].sort());
    const ports = apps.flatMap(({ name, args, env, instances = 1 }) => {
      const { roles, port } = configOf({ command: args, environment: { ...shared, ...env } });
      expect([...roles]).toEqual([name]);
      return Array.from({ length: instances }, (_, n) => port + n);
    });
    expect(new Set(ports).size).toBe(5);
    for (const { kill_timeout, node_args } of apps) {
      expect(kill_timeout / 1000).toBeGreaterThanOrEqual(stopSeconds());
      expect(scripts.start).toContain(node_args.join(' '));
    }
  });
});
