/** The gateway of docker-compose.yml: the real Caddy with the real file, on another port and before other addresses; and a proxy with TLS before it. */
import { readFile } from 'node:fs/promises';
import { connect } from 'node:tls';
import { freePort, runCaddy, type RunningCaddy } from './caddy.ts';
import { CADDYFILE } from './provision-caddy.ts';

/** By role, as the file names them. */
export type Upstreams = Record<'ingest' | 'api' | 'dashboard', string>;

export interface Gateway extends RunningCaddy {
  readonly url: string;
}

export interface GatewayOptions {
  /** False: the file for a Caddy that does not know the option. */
  fullDuplex: boolean;
  /** The proxy before it, as the file says how. */
  trustedProxy?: string;
}

export async function startGateway(upstreams: Upstreams, { fullDuplex, trustedProxy }: GatewayOptions): Promise<Gateway> {
  const port = await freePort();
  let text = moved(await readFile(CADDYFILE, 'utf8'), port, upstreams);
  if (trustedProxy !== undefined) text = replaced(text, '# trusted_proxies static 192.0.2.10', `trusted_proxies static ${trustedProxy}`);
  const url = `http://127.0.0.1:${port}`;
  const running = await runCaddy(fullDuplex ? text : withoutFullDuplex(text), async () => {
    const response = await fetch(`${url}/health/live`).catch(() => undefined);
    return response?.ok === true;
  });
  return { ...running, url };
}

/** Ends TLS with a certificate of its own making, which nobody trusts. */
export async function startTlsProxy(upstream: string): Promise<Gateway> {
  const port = await freePort();
  const text = `{
	admin off
	auto_https disable_redirects
	skip_install_trust
}

https://localhost:${port} {
	bind 127.0.0.1
	tls internal
	reverse_proxy ${new URL(upstream).host}
}
`;
  return { ...(await runCaddy(text, () => shakesHands(port))), url: `https://localhost:${port}` };
}

function shakesHands(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false }, () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

function moved(text: string, port: number, upstreams: Upstreams): string {
  let there = replaced(text, ':80 {', `:${port} {\n\tbind 127.0.0.1`);
  for (const [role, url] of Object.entries(upstreams))
    there = replaced(there, `reverse_proxy ${role}:4000 {`, `reverse_proxy ${new URL(url).host} {`);
  return there;
}

/** As the file itself says how. */
function withoutFullDuplex(text: string): string {
  return replaced(replaced(text, /servers \{[^}]*\}/, ''), /header_up Tallyline-Full-Duplex 1/, '');
}

function replaced(text: string, what: string | RegExp, by: string): string {
  const there = text.replace(what, by);
  if (there === text) throw new Error(`gateway/Caddyfile has no ${String(what)}`);
  return there;
}
