/**
 * `npm test`: gets a browser, a Kafka broker and the gateway's Caddy, runs every test (or what the arguments choose: `npm test -- --project unit`), and
 * ends with the line `N passed, N failed, N skipped`. With CI=true, whatever was skipped is a failure.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { CADDY_VARIABLE, provisionCaddy } from './support/provision-caddy.ts';
import { CHROMIUM_VARIABLE, provisionChromium } from './support/provision-chromium.ts';
import { KAFKA_VARIABLE, provisionKafka } from './support/provision-kafka.ts';
import { SUMMARY_FILE_VARIABLE } from './support/summary-reporter.ts';
import type { Summary } from './support/summary-reporter.ts';

const ROOT = dirname(import.meta.dirname);
const PROJECTS_WITHOUT_BROWSER = ['unit', 'contract', 'faults'];
const PROJECTS_WITHOUT_KAFKA = ['unit'];
const PROJECTS_WITHOUT_GATEWAY = ['unit', 'contract', 'faults'];

/** What a run amounts to that broke before it could count. */
const CRASHED: Summary = { passed: 0, failed: 1, skipped: 0 };

const inCi = process.env['CI'] === 'true';
const args = process.argv.slice(2);
const provisions: Record<string, string> = {
  ...(isBeyond(PROJECTS_WITHOUT_BROWSER, args) ? { [CHROMIUM_VARIABLE]: browser() } : {}),
  ...(isBeyond(PROJECTS_WITHOUT_KAFKA, args) ? { [KAFKA_VARIABLE]: kafka() } : {}),
  ...(isBeyond(PROJECTS_WITHOUT_GATEWAY, args) ? { [CADDY_VARIABLE]: caddy() } : {}),
};
const { code, summary } = await runVitest(args, provisions);

const wanting = inCi && (summary.skipped > 0 || Object.values(provisions).includes(''));
if (wanting) process.stdout.write('\nCI=true: what was skipped is a failure.\n');
if (summary.passed + summary.failed === 0) process.stdout.write('\nNo test was run: that is a failure.\n');
process.exitCode = wanting || summary.failed > 0 || summary.passed === 0 ? code || 1 : code;
process.stdout.write(`${summary.passed} passed, ${summary.failed} failed, ${summary.skipped} skipped\n`);

/** Only runs that are limited to the projects known to do without something need none of it. */
function isBeyond(projectsWithout: readonly string[], args: readonly string[]): boolean {
  const { values } = parseArgs({ args: [...args], options: { project: { type: 'string', multiple: true } }, strict: false });
  const projects = (values.project ?? []).map(String);
  return projects.length === 0 || !projects.every((project) => projectsWithout.includes(project));
}

/** The browser's path; empty where none can be had. */
function browser(): string {
  const outcome = provisionChromium();
  if (outcome.ok) return outcome.path;
  process.stdout.write(`\n!!! BROWSER TESTS ARE SKIPPED: ${outcome.missing}. Set CHROMIUM_PATH or install chromium. !!!\n\n`);
  return '';
}

/** The broker, or where to start one from; empty where none can be had. */
function kafka(): string {
  const outcome = provisionKafka();
  if (outcome.ok) return JSON.stringify(outcome.source);
  process.stdout.write(`\n!!! KAFKA TESTS ARE SKIPPED: ${outcome.missing}. Set KAFKA_BROKERS, or install Java 17 and Maven. !!!\n\n`);
  return '';
}

/** The gateway's program; empty where none can be had. */
function caddy(): string {
  const outcome = provisionCaddy();
  if (!outcome.ok) {
    process.stdout.write(`\n!!! GATEWAY TESTS ARE SKIPPED: ${outcome.missing}. Set CADDY_PATH, or install caddy or Go. !!!\n\n`);
    return '';
  }
  if (!outcome.caddy.isNew)
    process.stdout.write(
      `\n!!! ${outcome.caddy.path} is too old for gateway/Caddyfile as it is: it is tested without enable_full_duplex only. !!!\n\n`,
    );
  return JSON.stringify(outcome.caddy);
}

async function runVitest(
  args: readonly string[],
  provisions: Readonly<Record<string, string>>,
): Promise<{ code: number; summary: Summary }> {
  const directory = mkdtempSync(join(tmpdir(), 'tallyline-test-run-'));
  try {
    const summaryFile = join(directory, 'summary.json');
    const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
    const reporters = args.some((arg) => arg.startsWith('--reporter')) ? [] : ['--reporter=default'];
    const child = spawn(
      process.execPath,
      [vitest, 'run', ...reporters, `--reporter=${join(import.meta.dirname, 'support/summary-reporter.ts')}`, ...args],
      {
        cwd: ROOT,
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, [SUMMARY_FILE_VARIABLE]: summaryFile, ...provisions },
      },
    );
    // Vitest stops its workers when it is told to; this process then still says how far the run came.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
    const code = await new Promise<number>((settle, fail) => {
      child.once('error', fail);
      child.once('close', (exitCode) => settle(exitCode ?? 1));
    });
    return { code, summary: readSummary(summaryFile) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readSummary(path: string): Summary {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Summary;
  } catch {
    // No file, or half of one: the run ended before its summary did.
    return CRASHED;
  }
}
