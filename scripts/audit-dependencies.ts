/**
 * `npm run audit`: whether a dependency that is installed with the program has a known vulnerability of severity high or critical (`npm audit`).
 * That is a question to the registry. A mirror may have no answer, and then this says so, where nobody can overlook it; with `--required` that is
 * a failure too.
 */
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';

/** Of the answer of npm 7 and later. */
interface Audit {
  metadata?: { vulnerabilities?: Record<string, number>; dependencies?: Record<string, number> };
  vulnerabilities?: Record<string, { severity: string; via: (string | { title?: string; url?: string })[] }>;
  message?: string;
  error?: { summary?: string };
}

/** The registry answers within seconds; a line that is down must not hold up everything. */
const AUDIT_MS_MAX = 180_000;
const SEVERE = ['high', 'critical'];

process.exitCode = audit(process.argv.includes('--required'));

/** Answers the exit code. */
function audit(required: boolean): number {
  const { stdout, error } = spawnSync('npm', ['audit', '--omit=dev', '--audit-level=high', '--json'], {
    cwd: dirname(import.meta.dirname),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: AUDIT_MS_MAX,
    maxBuffer: 64 * 1024 * 1024,
  });
  const answer = parse(stdout);
  const counts = answer?.metadata?.vulnerabilities;
  if (counts === undefined) {
    say(banner(answer?.message ?? answer?.error?.summary ?? error?.message ?? 'npm gave no answer'));
    return required ? 1 : 0;
  }
  const severe = Object.entries(answer?.vulnerabilities ?? {}).filter(([, { severity }]) => SEVERE.includes(severity));
  for (const [name, { severity, via }] of severe) {
    const reasons = via.map((one) => (typeof one === 'string' ? `through ${one}` : `${one.title ?? ''} ${one.url ?? ''}`.trim()));
    say(`${severity}: ${name}: ${reasons.join('; ')}`);
  }
  const all = Object.entries(counts).map(([severity, count]) => `${severity} ${count}`);
  say(`Dependencies audited, ${answer?.metadata?.dependencies?.['total'] ?? 'all'} of them: ${all.join(', ')}.`);
  return severe.length === 0 ? 0 : 1;
}

function parse(text: string): Audit | undefined {
  try {
    return JSON.parse(text) as Audit;
  } catch {
    return undefined;
  }
}

function banner(why: string): string {
  const line = '!'.repeat(80);
  return [
    line,
    '!! THE DEPENDENCIES WERE NOT AUDITED: the registry gives no answer.',
    `!! ${why}`,
    '!! Run "npm run audit -- --required" where a registry with an audit endpoint can be reached.',
    line,
  ].join('\n');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
