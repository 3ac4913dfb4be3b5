/** A file sent to the running program, from its first byte until both stores have committed its last row. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Decimal } from 'decimal.js';
import type { Import, Mapping } from '../schemas/http/imports.ts';
import { importPath } from '../test/support/imports.ts';
import type { Tallyline } from '../test/support/tallyline.ts';
import type { UsageSum } from './generate.ts';

export interface Upload {
  name: string;
  mapping: Mapping;
  isDryRun?: boolean;
}

/** The import as it ended, or the report of a dry run. */
export async function uploadFile(tallyline: Tallyline, file: string, { name, mapping, isDryRun = false }: Upload): Promise<Import> {
  const { size } = await stat(file);
  return tallyline.json<Import>(importPath({ name: `${name}.csv`, mapping }) + (isDryRun ? '&dryRun=true' : ''), {
    method: 'POST',
    body: Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array<ArrayBuffer>>,
    duplex: 'half',
    headers: { 'content-type': 'text/csv', 'content-length': String(size) },
  });
}

export function addSums(a: UsageSum, b: UsageSum): UsageSum {
  return { rows: a.rows + b.rows, total: new Decimal(a.total).plus(b.total).toFixed() };
}
