/** `undo`: an import taken back. */
import type { Effect } from '../../schemas/http/effect.ts';
import type { Import } from '../../schemas/http/imports.ts';
import { ClientError } from '../client.ts';
import { checkId, type Command, NO_WAIT } from '../command.ts';
import { follow } from '../follow.ts';
import { counted, printable, table } from '../text.ts';

/** What a terminal shows at once; the API has all of it. */
const SHOWN = 20;

export const undo: Command = {
  usage: 'undo <import> [--adjust] [--no-wait]',
  summary: 'takes back what an import has added, in both stores; what another file reported too stays',
  operands: { min: 1, max: 1 },
  flags: { ...NO_WAIT.flags, adjust: { type: 'boolean' } },
  flagHelp: [
    '--adjust         also where final invoices use its rows: says what that changes, and the next ones adjust for it',
    ...NO_WAIT.flagHelp,
  ],
  check: ({ operands: [id] }) => checkId('an import', id),
  async run({ operands: [id = ''], flags }, { client, progress }) {
    const isAdjusting = flags['adjust'] === true;
    if (isAdjusting) progress(describeEffect(id, await client.get<Effect>(`/v1/imports/${id}/effect?of=undo`)));
    const asked = await client.post<Import>(`/v1/imports/${id}/undo${isAdjusting ? '?adjust=true' : ''}`).catch((error: unknown) => {
      throw withWayOut(id, error);
    });
    const name = `Import ${id} (${printable(asked.name)})`;
    const answer =
      flags['no-wait'] === true
        ? asked
        : await follow({
            ask: () => client.get<Import>(`/v1/imports/${id}`),
            isDone: ({ status }) => status === 'undone',
            describe: ({ status }) => `import ${id}: ${status}`,
            progress,
          });
    return { isGood: true, answer, text: answer.status === 'undone' ? `${name} is undone.` : `${name} is being undone.` };
  },
};

/** The API speaks of its own parameter. */
function withWayOut(id: string, error: unknown): unknown {
  if (!(error instanceof ClientError) || error.status === undefined || error.code !== 'import_invoiced') return error;
  const message = `${error.message}\nFrom here: "undo ${id} --adjust".`;
  return new ClientError(message, { status: error.status, code: error.code, cause: error });
}

/** As long as it is not undone yet; afterwards there is nothing left to take back. */
function describeEffect(id: string, { rows, events, money, invoices, isComplete }: Effect): string {
  if (events === 0) return `Undoing import ${id} changes no usage and no invoice.`;
  const isMore = money.length > SHOWN || invoices.length > SHOWN || !isComplete;
  return [
    `Undoing import ${id} takes back ${counted(events, 'event')} of ${counted(rows, 'row')}. Totals of the months it touches, tax included:`,
    table(
      ['customer', 'currency', 'now', 'then'],
      money.slice(0, SHOWN).map(({ customer, currency, before, after }) => [customer, currency, before, after]),
    ),
    ...(invoices.length === 0
      ? ['No invoice is touched.']
      : [
          table(
            ['invoice', 'customer', 'month', 'change', ''],
            invoices
              .slice(0, SHOWN)
              .map(({ number, customer, month, status, change }) => [
                number ?? 'draft',
                customer,
                month,
                change,
                status === 'final' ? 'stays as it is; the next invoice adjusts' : 'follows',
              ]),
          ),
        ]),
    ...(isMore ? [`There is more: GET /v1/imports/${id}/effect?of=undo`] : []),
  ].join('\n');
}
