/**
 * `npm run screenshots`: starts the program on a directory of its own, loads the sample data, and takes the pictures of docs/images in
 * light and dark, in a window of 1440 × 900 and on a phone of 390 × 844.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchChromium } from '../test/support/chromium.ts';
import { dropFile, loadSampleData, openWindow, signIn } from '../test/support/dashboard.ts';
import { importFile } from '../test/support/imports.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../test/support/tallyline.ts';

const ROOT = join(import.meta.dirname, '..');
const IMAGES = join(ROOT, 'docs/images');
const LLM_FILE = join(ROOT, 'ingest/samples/azure_llm_inference_code.csv');
const FIO_FILE = join(ROOT, 'ingest/samples/azure_vm_noise_fio.csv');
const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

const PICTURES: { name: string; phone?: true; show: (page: Page) => Promise<unknown> }[] = [
  { name: 'usage', phone: true, show: showUsage },
  { name: 'imports', show: showImports },
  { name: 'undo', phone: true, show: showUndo },
  { name: 'inspect', show: showInspection },
  { name: 'records', show: showRecord },
  { name: 'invoice-trace', phone: true, show: showTrace },
  { name: 'conflicts', phone: true, show: showConflicts },
  { name: 'pipeline', phone: true, show: showPipeline },
];

await takeScreenshots();

async function takeScreenshots(): Promise<void> {
  const directory = await makeDataDirectory();
  try {
    await using tallyline = closing(await startTallyline({ dataDirectory: directory.path }), (started) => started.stop());
    await using browser = closing(await launchChromium(), (launched) => launched.close());
    const page = await openWindow(browser.value, tallyline.value, { reducedMotion: 'reduce' });
    await signIn(page, tallyline.value);
    await loadSampleData(page);
    await importDamagedFile(page);
    await importConflicts(tallyline.value);
    await mkdir(IMAGES, { recursive: true });
    for (const { name, phone, show } of PICTURES) {
      await take(page, name, DESKTOP, show);
      if (phone) await take(page, `${name}-phone`, PHONE, show);
    }
  } finally {
    await directory.remove();
  }
}

/** In light and in dark. */
async function take(page: Page, name: string, viewport: { width: number; height: number }, show: (page: Page) => Promise<unknown>) {
  await page.setViewportSize(viewport);
  await show(page);
  // Nothing is under the pointer.
  await page.mouse.move(0, 0);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.screenshot({ path: join(IMAGES, `${name}${colorScheme === 'dark' ? '-dark' : ''}.png`) });
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}

/** The sample of the virtual machines once more, with some of its lines spoilt: known lines, and rejected ones of three kinds. */
async function importDamagedFile(page: Page): Promise<void> {
  const lines = (await readFile(FIO_FILE, 'utf8')).split('\n').slice(0, 2_001);
  const spoilt = lines.map((line, index) => {
    const [value = '', runtime = '', time = '', machine = ''] = line.split(',');
    if (index % 400 === 7) return [value, 'n/a', time, machine].join(',');
    if (index % 700 === 12) return [value, runtime, time.replace(/-\d\d /, '-31 ').replace(/-\d\d-31/, '-11-31'), machine].join(',');
    if (index % 900 === 20) return [value, runtime, time].join(',');
    return line;
  });
  await dropFile(page, 'azure_vm_noise_again.csv', spoilt.join('\n'));
  await page.getByRole('combobox', { name: 'Customer', exact: true }).selectOption('column VM_id');
  await page.getByLabel('Zone of the times').selectOption('UTC');
  await page.getByRole('combobox', { name: 'Quantity' }).selectOption('column runtime');
  await page.getByLabel('Meter: always the same meter').fill('vm_seconds');
  await page.getByRole('button', { name: 'Import azure_vm_noise_again.csv' }).click();
  await page.getByText('SHA-256 of the file').waitFor();
}

/** A correction of two lines, uploaded beside the file that it corrects. */
async function importConflicts(tallyline: Tallyline): Promise<void> {
  const file = (first: number, second: number) =>
    `id,customer,time,quantity,meter,region\nreq-4711,acme-ai,2023-11-17T05:12:00Z,${first},image_pixels,eu-west\nreq-4712,acme-ai,2023-11-17T06:40:30Z,${second},image_pixels,eu-west\n`;
  await importFile(tallyline, file(1_048_576, 786_432), { name: 'images-november.csv' });
  await importFile(tallyline, file(2_097_152, 589_824).replace('eu-west\n', 'eu-north\n'), { name: 'images-november-corrected.csv' });
}

async function showUsage(page: Page): Promise<void> {
  await page.goto('/usage?meter=vm_seconds&from=2023-11-01T00:00:00Z&to=2023-12-01T00:00:00Z&grain=day');
  await page.getByRole('application').locator('canvas').waitFor();
  await page.getByRole('row', { name: /^All / }).waitFor();
}

async function showImports(page: Page): Promise<void> {
  await page.goto('/imports');
  await page.getByRole('heading', { name: 'History' }).waitFor();
}

async function showUndo(page: Page): Promise<void> {
  await page.goto('/imports');
  await page.getByRole('row', { name: 'azure_vm_noise_fio.csv' }).getByRole('button').click();
  await page.getByRole('dialog').getByText('Undo takes back').waitFor();
}

async function showConflicts(page: Page): Promise<void> {
  await page.goto('/imports/conflicts');
  await page.getByRole('button', { name: 'Keep this' }).first().waitFor();
}

async function showPipeline(page: Page): Promise<void> {
  await page.goto('/pipeline');
  await page.getByText('Everything adds up: both stores hold the same').waitFor();
}

async function showInspection(page: Page): Promise<void> {
  await page.goto('/imports');
  await page.getByRole('heading', { name: 'History' }).waitFor();
  await dropFile(page, 'azure_llm_inference_code.csv', await readFile(LLM_FILE, 'utf8'));
  await page.getByRole('combobox', { name: 'Customer', exact: true }).selectOption('one customer for all lines');
  await page.getByLabel('Customer: one customer for all lines').fill('acme-ai');
  await page.getByLabel('Zone of the times').selectOption('UTC');
  const left = page.getByRole('listitem').filter({ hasText: 'ContextTokens is left out.' });
  await left.getByRole('button', { name: 'Make it a meter' }).click();
  await page.getByText('GeneratedTokens is left out. The import can run without it.').waitFor();
  await page.getByRole('button', { name: 'Import azure_llm_inference_code.csv', disabled: false }).waitFor();
}

async function showRecord(page: Page): Promise<void> {
  await page.goto('/records?customer=acme-ai&meter=context_tokens');
  await page.getByRole('row').nth(6).getByRole('button').click();
  await page.getByRole('group', { name: 'Lines of azure_llm_inference_code.csv' }).waitFor();
}

async function showTrace(page: Page): Promise<void> {
  await page.goto('/invoices/preview?customer=acme-ai&period=2023-11');
  await page.getByRole('button', { name: 'context_tokens', exact: true }).click();
  const panel = page.getByRole('complementary', { name: 'Where $7.22 comes from' });
  const bar = (group: string, name: RegExp) => panel.getByRole('group', { name: group }).getByRole('button', { name });
  await bar('Days', /^16 Nov/).click();
  await bar('Hours', /18:00/).click();
  await panel.getByRole('table').getByRole('button').nth(3).click();
  await panel.getByText('in the event').scrollIntoViewIfNeeded();
}

/** For `await using`, whatever the closing is called. */
function closing<T>(value: T, close: (value: T) => Promise<unknown>): AsyncDisposable & { value: T } {
  return { value, [Symbol.asyncDispose]: async () => void (await close(value)) };
}
