import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { CHROMIUM_VARIABLE, findChromium } from './provision-chromium.ts';

const FLAGS = [
  '--headless',
  // Containers and root have no user namespaces to build a sandbox from; only our own pages are opened.
  '--no-sandbox',
  '--disable-gpu',
  // What follows keeps the browser from reaching for the network on its own.
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const path = process.env[CHROMIUM_VARIABLE] ?? findChromium() ?? '';

/** For `describe.skipIf(!chromiumAvailable)`. */
export const chromiumAvailable = path !== '';

/** A fresh headless browser. The caller closes it. */
export async function launchChromium(): Promise<Browser> {
  if (!chromiumAvailable) throw new Error('There is no Chromium: set CHROMIUM_PATH, or install chromium or google-chrome');
  return await chromium.launch({ executablePath: path, headless: true, args: FLAGS });
}
