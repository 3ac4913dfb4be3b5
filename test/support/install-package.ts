/** Debian's packages, for tests that need a program which is not there. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** The package lists, a browser and some hundred libraries. */
const INSTALL_MS_MAX = 600_000;

/** False where this process may not, or where a package of that name is another thing: whether it worked, the caller sees by itself. */
export function installPackage(name: string): boolean {
  if (!mayInstallPackages()) return false;
  process.stdout.write(`… installing the package ${name} …\n`);
  run('apt-get', ['update']);
  run('apt-get', ['install', '-y', name]);
  return true;
}

function run(command: string, args: readonly string[]): void {
  spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: INSTALL_MS_MAX,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

/** Debian itself: elsewhere the package chromium is another thing, on Ubuntu a snap that containers cannot run. */
function mayInstallPackages(): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/etc/os-release')) return false;
  return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
}
