/**
 * Where the tests get the gateway's Caddy from: `CADDY_PATH`, one that is installed, one that Go builds from its module, or Debian's, which is
 * too old to know `enable_full_duplex`. What Go builds is kept under `node_modules/.cache`; it takes two minutes once.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installPackage } from './install-package.ts';

/** Set by `test/run.ts` for every test: a `Caddy` as JSON, or empty where none could be had. */
export const CADDY_VARIABLE = 'TALLYLINE_TEST_CADDY';

export interface Caddy {
  path: string;
  /** Whether it understands gateway/Caddyfile as it is. */
  isNew: boolean;
}

export type CaddyOutcome = { ok: true; caddy: Caddy } | { ok: false; missing: string };

/** That of docker-compose.yml. */
export const CADDY_VERSION = '2.10.2';
export const CADDYFILE = join(import.meta.dirname, '../../gateway/Caddyfile');
const CACHE = join(import.meta.dirname, `../../node_modules/.cache/tallyline-caddy/${CADDY_VERSION}`);

/** A program says its version in a fraction of this; a cold disk takes longer. */
const VERSION_MS_MAX = 30_000;
/** Some hundred modules to get and to compile; without a network it fails much sooner. */
const BUILD_MS_MAX = 600_000;

/** One that understands the file as it is, if need be a new one; else one that understands it without what only newer ones know. */
export function provisionCaddy(): CaddyOutcome {
  const given = process.env['CADDY_PATH'];
  if (given) return found(given) ?? { ok: false, missing: `CADDY_PATH names ${given}, which does not start` };
  const installed = installedCaddies()
    .map(found)
    .filter((outcome) => outcome !== undefined);
  const fresh = installed.find(({ caddy }) => caddy.isNew) ?? build();
  if (fresh) return fresh;
  const [old] = installed;
  if (old) return old;
  installPackage('caddy');
  return (
    installedCaddies()
      .map(found)
      .find((outcome) => outcome !== undefined) ?? { ok: false, missing: MISSING }
  );
}

const MISSING = 'CADDY_PATH is not set, no caddy is installed, and neither Go nor apt-get could get one';

function installedCaddies(): string[] {
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  return [...directories.map((directory) => join(directory, 'caddy')), join(CACHE, 'caddy')].filter((path) => existsSync(path));
}

function found(path: string): { ok: true; caddy: Caddy } | undefined {
  if (!runs(path, ['version'])) return undefined;
  return { ok: true, caddy: { path, isNew: runs(path, ['adapt', '--adapter', 'caddyfile', '--config', CADDYFILE]) } };
}

/** Complete or not there: the program moves to its place in one step, whoever else may be building it at the same time. */
function build(): { ok: true; caddy: Caddy } | undefined {
  if (!runs('go', ['version'])) return undefined;
  process.stdout.write(`No Caddy for the gateway's tests yet that knows enable_full_duplex: building ${CADDY_VERSION} with Go …\n`);
  mkdirSync(CACHE, { recursive: true });
  const scratch = mkdtempSync(join(CACHE, 'build-'));
  try {
    spawnSync('go', ['install', `github.com/caddyserver/caddy/v2/cmd/caddy@v${CADDY_VERSION}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: BUILD_MS_MAX,
      env: { ...process.env, GOBIN: scratch, GOFLAGS: '-trimpath', GOTOOLCHAIN: 'local' },
    });
    const built = found(join(scratch, 'caddy'));
    if (!built) return undefined;
    renameSync(join(scratch, 'caddy'), join(CACHE, 'caddy'));
    return { ok: true, caddy: { ...built.caddy, path: join(CACHE, 'caddy') } };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function runs(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: VERSION_MS_MAX }).status === 0;
}
