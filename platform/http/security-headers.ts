/**
 * The headers that tell a browser what it may do with an answer (helmet). Answers of the API are data: nothing in them is loaded or run.
 * Pages load from this origin only, and run the scripts that the build wrote and no others.
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import helmet from '@fastify/helmet';
import type { HttpServer } from './http-server.ts';

type Directives = Readonly<Record<string, readonly string[]>>;

const NOTHING = ["'none'"];
const SELF = ["'self'"];

const OF_ANSWERS: Directives = { 'default-src': NOTHING, 'base-uri': NOTHING, 'form-action': NOTHING, 'frame-ancestors': NOTHING };

/** Of the one style attribute that pages are written with (dashboard/vite.config.ts). Styles that scripts set go through the CSSOM, which is allowed. */
const ANNOUNCER_STYLE = "'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='";

/** What pages load: scripts and styles as files, figures over HTTP. dashboard/vite.config.ts writes the same into them. */
const OF_PAGES: Directives = {
  'default-src': NOTHING,
  'script-src': SELF,
  'style-src': SELF,
  'style-src-attr': ["'unsafe-hashes'", ANNOUNCER_STYLE],
  'img-src': ["'self'", 'data:'],
  'font-src': SELF,
  'connect-src': SELF,
  'object-src': NOTHING,
  'base-uri': NOTHING,
  'form-action': SELF,
  'frame-ancestors': NOTHING,
};

/** The reference at /docs. Its library writes style attributes; scripts are files there too. */
export const DOCS_POLICY = policyText({ ...OF_PAGES, 'style-src': ["'self'", "'unsafe-inline'"], 'style-src-attr': ["'unsafe-inline'"] });

/** Browsers show a PDF with a page of their own, whose styles the policy of an answer would forbid. */
const PDF_POLICY = policyText({ 'frame-ancestors': NOTHING });

/** A year, as long as browsers remember. */
const HSTS_SECONDS = 31_536_000;

/** `isHttps`: browsers reach this over https, and are to use nothing else from now on. */
export async function registerSecurityHeaders(server: HttpServer, { isHttps }: { isHttps: boolean }): Promise<void> {
  await server.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: OF_ANSWERS },
    // The name may have neighbours that are not ours to speak for.
    strictTransportSecurity: isHttps && { maxAge: HSTS_SECONDS, includeSubDomains: false },
    // The addresses of the sign-in and password pages hold tokens.
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });
  server.addHook('onSend', async (_request, reply) => {
    const type = reply.getHeader('content-type');
    if (typeof type === 'string' && type.startsWith('application/pdf')) void reply.header('content-security-policy', PDF_POLICY);
  });
}

/** Answers the policy of a page of the build, with the hash of every script that stands in it; read again when the file has changed. */
export function createPagePolicy(): (path: string) => string {
  const known = new Map<string, { writtenAtMs: number; policy: string }>();
  return (path) => {
    const { mtimeMs } = statSync(path);
    const before = known.get(path);
    if (before?.writtenAtMs === mtimeMs) return before.policy;
    const policy = policyText({ ...OF_PAGES, 'script-src': [...SELF, ...scriptHashes(readFileSync(path, 'utf8'))] });
    known.set(path, { writtenAtMs: mtimeMs, policy });
    return policy;
  };
}

/** Content Security Policy Level 3, 6.7.2.3: over the text between the tags, as it is. */
function scriptHashes(html: string): string[] {
  return [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
    ([, text]) =>
      `'sha256-${createHash('sha256')
        .update(text ?? '')
        .digest('base64')}'`,
  );
}

function policyText(directives: Directives): string {
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join('; ');
}
