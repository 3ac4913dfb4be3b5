/** `reconcile`: both stores compared, everything or a part. */
import type { Reconciliation, ReconciliationCell, ReconciliationRun } from '../../schemas/http/reconciliation.ts';
import { type Command, NO_WAIT, type Words } from '../command.ts';
import { follow } from '../follow.ts';
import { counted, instant, table } from '../text.ts';

/** What a terminal shows at once; --json has up to 1,000. */
const SHOWN = 20;

export const reconcile: Command = {
  usage: 'reconcile [--customer <id>] [--from <time>] [--to <time>] [--no-wait]',
  summary: 'compares Postgres and ClickHouse, everything or a customer or a time, and lists the hours that differ',
  operands: { min: 0, max: 0 },
  flags: { ...NO_WAIT.flags, customer: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' } },
  flagHelp: [
    '--customer <id>  of this customer only',
    '--from, --to     of this time only: RFC 3339, for example 2026-10-01T00:00:00Z; --to is not in it',
    ...NO_WAIT.flagHelp,
  ],
  async run(words, { client, progress }) {
    const scope = scopeOf(words);
    const run = await client.post<ReconciliationRun>(`/v1/reconciliation/run?${scope}`);
    if (words.flags['no-wait'] === true) return { isGood: true, answer: run, text: `Reconciliation ${run.id}: ${run.state}.` };
    await follow({
      ask: () => client.get<ReconciliationRun>(`/v1/reconciliation/run/${run.id}`),
      isDone: ({ state }) => state === 'done',
      describe: ({ id, state }) => `reconciliation ${id}: ${state}`,
      progress,
    });
    scope.set('state', 'differs');
    const found = await follow({
      ask: () => client.get<Reconciliation>(`/v1/reconciliation?${scope}`),
      isDone: ({ state }) => state !== 'checking',
      describe: () => 'still checking: another run, or hours in which an undo is under way',
      progress,
    });
    return { isGood: found.state === 'green', answer: found, text: describeReconciliation(found) };
  },
};

function scopeOf({ flags }: Words): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of ['customer', 'from', 'to']) {
    const value = flags[name];
    if (typeof value === 'string') query.set(name, value);
  }
  return query;
}

function describeReconciliation({ state, checkedAt, rows, imports, cells, differing }: Reconciliation): string {
  if (state === 'green')
    return `Postgres and ClickHouse hold the same${checkedAt === null ? '' : ` (checked ${instant(checkedAt)})`}: ${counted(rows.accepted, 'event')} accepted, every row of every complete import accounted for.`;
  return [
    `Not everything agrees: ${describeDifference({ differing, imports })}.`,
    ...(cells.length === 0 ? [] : [table(['customer', 'meter', 'hour', 'Postgres', 'ClickHouse'], cells.slice(0, SHOWN).map(toRow))]),
    ...(differing > SHOWN ? [`and ${counted(differing - SHOWN, 'hour')} more; --json has up to 1,000`] : []),
    ...imports
      .slice(0, SHOWN)
      .map(
        ({ id, rows: { read, accounted }, events }) =>
          `import ${id}: ${accounted} of ${counted(read, 'row')}, ${events.accounted} of ${counted(events.published, 'event')} accounted for`,
      ),
    ...(differing > 0 ? ['"rebuild" makes ClickHouse anew from Postgres.'] : []),
  ].join('\n');
}

/** For a state that is red. */
export function describeDifference({ differing, imports }: Pick<Reconciliation, 'differing' | 'imports'>): string {
  return [
    ...(differing > 0 ? [`the stores differ in ${counted(differing, 'hour')} of usage`] : []),
    ...(imports.length > 0 ? [`${counted(imports.length, 'import does', 'imports do')} not add up`] : []),
  ].join(', and ');
}

function toRow({ customer, meter, hour, postgres, clickhouse, events }: ReconciliationCell): string[] {
  return [
    customer,
    meter,
    instant(hour),
    `${postgres} (${counted(events.postgres, 'event')})`,
    `${clickhouse} (${counted(events.clickhouse, 'event')})`,
  ];
}
