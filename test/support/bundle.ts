/** What the dashboard's build makes a browser load for each page before anything is clicked, from the manifest that Vite writes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const KIT = join(import.meta.dirname, '../../dashboard/.svelte-kit');
const CLIENT = join(KIT, 'output/client');
const GENERATED = '.svelte-kit/generated/build/client-optimized';
/** SvelteKit's own start, and the root layout and error page, which it always loads. */
const RUNTIME = '../node_modules/@sveltejs/kit/src/runtime/client';
const ALWAYS = [`${RUNTIME}/entry.js`, `${RUNTIME}/client-entry.js`, `${GENERATED}/app.js`, nodeOf('0'), nodeOf('1')];

interface Chunk {
  file: string;
  imports?: string[];
}

export interface LoadedFile {
  file: string;
  /** Bytes after gzip at its usual level. */
  bytes: number;
}

/** uPlot, which is loaded once a chart is to be drawn. */
export function chartLibrary(): LoadedFile {
  const file = readManifest()['../node_modules/uplot/dist/uPlot.esm.js']?.file;
  if (file === undefined) throw new Error("The build's manifest has no uPlot.");
  return { file, bytes: gzippedBytes(readFileSync(join(CLIENT, file))) };
}

/** Each route of the dashboard with the scripts it cannot start without. */
export function scriptsOfRoutes(): Map<string, LoadedFile[]> {
  const manifest = readManifest();
  const app = readFileSync(join(KIT, 'generated/build/client-optimized/app.js'), 'utf8');
  const routes = [...app.matchAll(/"(\/[^"]*)": \[(\d+)(?:,\[([\d,]*)\])?\]/g)];
  return new Map(
    routes.map(([, route = '', page = '', layouts = '']) => [
      route,
      filesOf(manifest, [...ALWAYS, nodeOf(page), ...layouts.split(',').filter(Boolean).map(nodeOf)]),
    ]),
  );
}

function readManifest(): Record<string, Chunk> {
  return JSON.parse(readFileSync(join(CLIENT, '.vite/manifest.json'), 'utf8')) as Record<string, Chunk>;
}

export function gzippedBytes(content: Buffer): number {
  return gzipSync(content).length;
}

/** "61.3 KB: framework.js 18.8, …", the largest first. */
export function describeFiles(files: readonly LoadedFile[]): string {
  const largest = files.toSorted((a, b) => b.bytes - a.bytes).slice(0, 8);
  return `${inKilobytes(totalOf(files))} KB: ${largest.map(({ file, bytes }) => `${file} ${inKilobytes(bytes)}`).join(', ')}`;
}

export function totalOf(files: readonly LoadedFile[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}

function inKilobytes(bytes: number): string {
  return (bytes / 1024).toFixed(1);
}

function nodeOf(index: string): string {
  return `${GENERATED}/nodes/${index}.js`;
}

function filesOf(manifest: Record<string, Chunk>, entries: readonly string[]): LoadedFile[] {
  const seen = new Set<string>();
  const open = [...entries];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (seen.has(key)) continue;
    seen.add(key);
    const chunk = manifest[key];
    if (chunk === undefined) throw new Error(`The build's manifest has no ${key}: has SvelteKit changed how it starts?`);
    open.push(...(chunk.imports ?? []));
  }
  return [...seen].map((key) => {
    const file = manifest[key]?.file ?? '';
    return { file, bytes: gzippedBytes(readFileSync(join(CLIENT, file))) };
  });
}
