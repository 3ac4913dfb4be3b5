/** The part of the configuration that says who is believed about where callers are, and what is said when others can reach this. */
import { isIP } from 'node:net';

/** Networks by name, as proxies of one machine or of a container network have them: 127.0.0.0/8 and ::1; 169.254.0.0/16 and fe80::/10; the private ranges. */
const NAMED_NETWORKS = ['loopback', 'linklocal', 'uniquelocal'];

/** Addresses, networks (`10.0.0.0/8`) and names of such, separated by commas. */
export function readTrustedProxies(text: string, faults: string[]): string[] {
  const proxies = text
    .split(',')
    .map((proxy) => proxy.trim())
    .filter(Boolean);
  for (const proxy of proxies.filter((one) => !isNetwork(one)))
    faults.push(
      `TALLYLINE_TRUSTED_PROXIES: "${proxy}" is no address and no network such as 10.1.2.3 or 10.1.0.0/16; there are also ${NAMED_NETWORKS.join(', ')}`,
    );
  return proxies;
}

function isNetwork(text: string): boolean {
  if (NAMED_NETWORKS.includes(text)) return true;
  const [address = '', length, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  // Length 0 would be everybody, whose word nobody can want to take.
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) >= 1 && Number(length) <= (version === 4 ? 32 : 128));
}

/** This machine, which others cannot reach. An address of IPv6 may stand in brackets, as in a URL. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
}

/** What a person should know before others find it out; undefined where there is nothing to say. */
export function exposureWarning({ host, publicUrl }: { host: string; publicUrl: string | undefined }): string | undefined {
  if (isLoopback(host) || publicUrl?.startsWith('https:') === true) return undefined;
  return (
    `WARNING: Tallyline listens on ${host}, where other machines can reach it, and speaks plain HTTP: keys, passwords and usage can be read on the way. ` +
    'Put a proxy with TLS in front of it and set TALLYLINE_PUBLIC_URL to its https address, or listen on 127.0.0.1.'
  );
}
