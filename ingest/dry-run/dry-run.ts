/**
 * A dry run: a file is received and read as for an import, and what would come of it is answered. Nothing is published, and nothing is
 * kept: the file, the row in `imports` that holds it meanwhile, and the working tables are gone when it ends, however it ends. Where its
 * process is killed, the upload counts as lost, and the next dry run drops the tables.
 */
import { ProblemError } from '../../core/errors.ts';
import type { AddedUsage } from '../../core/added-usage.ts';
import type { ImportScope } from '../../platform/access/import-scope.ts';
import type { Platform } from '../../platform/platform.ts';
import type { DryRun } from '../../schemas/http/dry-runs.ts';
import type { Effect } from '../../schemas/http/effect.ts';
import { receiveOptions, removeProbe, type AcceptOptions } from '../accept.ts';
import { createImport, type Interpretation, type Receipt } from '../import-store.ts';
import { interpret } from '../interpret.ts';
import type { Leases } from '../leases.ts';
import { receive, type Upload } from '../receive.ts';
import { openStoredText, requireUniqueIds, type StoredText } from '../stored-text.ts';
import { DryRunReport } from './report.ts';
import { countRepeats, NO_REPEATS } from './repeats.ts';
import { DOUBLES_SHOWN_MAX } from './staged-events.ts';
import { createWorkingTables, type WorkingTables } from './working-tables.ts';
import { processFile, type ProcessOptions } from '../csv/process.ts';

/** What added usage would cost. Billing is the business of the api role, which this one does not know: handed in by serve.ts. */
export type RateAdded = (added: AddedUsage) => Promise<Pick<Effect, 'money' | 'invoices' | 'isComplete'>>;

export interface DryRunStores {
  platform: Platform;
  /** Whose imports the report may name. */
  scope: ImportScope;
  leases: Leases;
  rateAdded: RateAdded;
}

/** Events looked up at a time: some 10 MB, and a second or two of one connection. */
const BATCH_EVENTS = 20_000;

/** Throws what an import of the file would be refused with. `signal`: nobody waits for the answer any more. */
export async function dryRun(stores: DryRunStores, upload: Upload, options: AcceptOptions, signal: AbortSignal): Promise<DryRun> {
  const { platform, leases } = stores;
  if (options.idempotencyKey !== undefined)
    throw new ProblemError('invalid_request', 'A dry run makes no import that an Idempotency-Key could name. Leave one of the two out.');
  const id = await createImport(platform.postgres, { ...options, form: 'dry_run' }, leases);
  if (id === undefined) throw new Error('an import without a key was refused for its key');
  const lease = leases.hold(id);
  try {
    const receipt = await receive(platform.files, id, upload, receiveOptions(options, lease.lost));
    const reading = await interpret(platform, id, receipt, options.reading);
    const text = await openStoredText(platform, id, { receipt, reading });
    const { repeats } = await requireUniqueIds(text);
    const gone = AbortSignal.any([signal, lease.lost]);
    return await readWhole(stores, { id, receipt, reading, text, repeats, options }, gone);
  } finally {
    lease.release();
    await removeProbe(platform, id);
  }
}

interface ReceivedFile {
  id: string;
  receipt: Receipt;
  reading: Interpretation;
  text: StoredText;
  /** Whether two events of it may have one id. */
  repeats: boolean;
  options: AcceptOptions;
}

async function readWhole({ platform, scope, rateAdded }: DryRunStores, file: ReceivedFile, gone: AbortSignal): Promise<DryRun> {
  const { postgres, clock, logger } = platform;
  const process: ProcessOptions = { ...file.text, importId: file.id, sha256: file.receipt.sha256, chunkEventsMax: BATCH_EVENTS };
  const report = new DryRunReport(clock);
  const tables = await createWorkingTables(postgres, file.id);
  try {
    await judge(process, { tables, report, repeats: file.repeats, findDoubles: file.reading.identity !== 'id-column' }, gone);
    const totals = await tables.totals();
    const rated = await rateAdded(tables.usage(totals.customers.map(({ id }) => id)));
    const { receipt, reading, options } = file;
    return await report.answer(postgres, { scope, receipt, reading, options, totals, rated });
  } finally {
    await tables.drop().catch((error: unknown) => logger.warn({ err: error, import: file.id }, 'the tables of a dry run were not dropped'));
  }
}

interface Judging {
  tables: WorkingTables;
  report: DryRunReport;
  repeats: boolean;
  findDoubles: boolean;
}

async function judge(process: ProcessOptions, { tables, report, repeats, findDoubles }: Judging, gone: AbortSignal): Promise<void> {
  const counted = repeats ? await countRepeats(process) : NO_REPEATS;
  let first = 0;
  try {
    for await (const chunk of processFile(process)) {
      if (gone.aborted)
        throw new ProblemError('upload_incomplete', 'The dry run was broken off. Nothing was published; send the file again.');
      report.read(chunk);
      const { payloads } = chunk;
      if (payloads.length === 0) continue;
      const occurrences = await counted.next(payloads.length);
      const showMax = DOUBLES_SHOWN_MAX - report.doubles.length;
      report.judged(await tables.add({ payloads, occurrences, first }, { findDoubles, showMax }));
      first += payloads.length;
    }
  } finally {
    await counted.close();
  }
}
