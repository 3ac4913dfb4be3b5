/**
 * Builds the dashboard into dashboard/build, and notes there what it was built from. With `--if-stale`, only when its sources have changed
 * since: `npm start` and `npm test` call it so, and cost nothing then.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

const ROOT = dirname(import.meta.dirname);
const DASHBOARD = join(ROOT, 'dashboard');
const BUILD = join(DASHBOARD, 'build');
const STAMP = join(BUILD, '.source-hash');
const VITE = join(ROOT, 'node_modules/vite/bin/vite.js');

process.exitCode = buildDashboard(process.argv.includes('--if-stale'));

/** Answers the exit code. */
function buildDashboard(onlyIfStale: boolean): number {
  const missing = [join(DASHBOARD, 'vite.config.ts'), VITE].find((path) => !existsSync(path));
  if (missing !== undefined) {
    say(`The dashboard is not built: ${relative(ROOT, missing)} is not here.`);
    return 0;
  }
  const hash = hashSources();
  if (onlyIfStale && existsSync(join(BUILD, 'index.html')) && readStamp() === hash) return 0;
  say('Building the dashboard …');
  const { status } = spawnSync(process.execPath, [VITE, 'build', '--logLevel', 'warn'], {
    cwd: DASHBOARD,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) {
    say('The dashboard could not be built; the reason stands above.');
    return 1;
  }
  writeFileSync(STAMP, hash);
  return 0;
}

function readStamp(): string | undefined {
  return existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : undefined;
}

/** Over everything that the build reads: the dashboard's own files, the shapes of the API, and the versions of its packages. */
function hashSources(): string {
  const settings = readdirSync(DASHBOARD, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(DASHBOARD, entry.name));
  const folders = [...['src', 'static'].map((name) => join(DASHBOARD, name)), join(ROOT, 'schemas/http')];
  const files = [...settings, ...folders.flatMap(listFiles), join(ROOT, 'package-lock.json')].filter((path) => existsSync(path));
  const hash = createHash('sha256');
  for (const path of files.sort()) {
    const { size } = statSync(path);
    // The size closes off the name from the content, so that no two sets of files read alike.
    hash.update(`${relative(ROOT, path).split(sep).join('/')}\0${size}\0`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

function listFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
