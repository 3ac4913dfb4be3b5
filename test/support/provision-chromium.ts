import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { installPackage } from './install-package.ts';

/** Set by `test/run.ts` for every test: the browser's path, or empty where none could be had. */
export const CHROMIUM_VARIABLE = 'TALLYLINE_TEST_CHROMIUM';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MACOS_APPLICATIONS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** A browser answers `--version` within a second; a cold disk takes longer. */
const VERSION_MS_MAX = 30_000;
/** 180 MB over a slow line; without a network it fails much sooner. */
const DOWNLOAD_MS_MAX = 300_000;

export type ProvisionOutcome = { ok: true; path: string } | { ok: false; missing: string };

/** A browser that is already on this machine: `CHROMIUM_PATH`, the usual names, or Playwright's own. */
export function findChromium(): string | undefined {
  const given = process.env['CHROMIUM_PATH'];
  if (given) return starts(given) ? given : undefined;
  const installed = (process.env['PATH'] ?? '').split(delimiter).flatMap((directory) => NAMES.map((name) => join(directory, name)));
  return [...installed, ...MACOS_APPLICATIONS, chromium.executablePath()].find(starts);
}

/** Finds a browser or gets one: from Playwright, else from Debian where this process may install packages. */
export function provisionChromium(): ProvisionOutcome {
  const found = findChromium();
  if (found !== undefined) return { ok: true, path: found };
  const given = process.env['CHROMIUM_PATH'];
  if (given) return { ok: false, missing: `CHROMIUM_PATH names ${given}, which does not start` };

  const tried = ['no chromium or google-chrome is installed'];
  process.stdout.write('No browser for the browser tests yet: downloading Chromium through Playwright …\n');
  const playwright = join(dirname(createRequire(import.meta.url).resolve('playwright-core/package.json')), 'cli.js');
  spawnSync(process.execPath, [playwright, 'install', 'chromium'], { stdio: ['ignore', 'inherit', 'inherit'], timeout: DOWNLOAD_MS_MAX });
  const downloaded = findChromium();
  if (downloaded !== undefined) return { ok: true, path: downloaded };
  tried.push("Playwright's download gave none that starts");

  if (installPackage('chromium')) {
    const packaged = findChromium();
    if (packaged !== undefined) return { ok: true, path: packaged };
    tried.push('apt-get could not install it');
  }
  return { ok: false, missing: tried.join('; ') };
}

function starts(path: string): boolean {
  if (!existsSync(path)) return false;
  return spawnSync(path, ['--version'], { stdio: 'ignore', timeout: VERSION_MS_MAX }).status === 0;
}
