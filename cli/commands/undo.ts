/** `undo`: an import taken back. */
import type { Import } from '../../schemas/http/imports.ts';
import { checkId, type Command, NO_WAIT } from '../command.ts';
import { follow } from '../follow.ts';
import { printable } from '../text.ts';

export const undo: Command = {
  usage: 'undo <import> [--no-wait]',
  summary: 'takes back what an import has added, in both stores; what another file reported too stays',
  operands: { min: 1, max: 1 },
  ...NO_WAIT,
  check: ({ operands: [id] }) => checkId('an import', id),
  async run({ operands: [id = ''], flags }, { client, progress }) {
    const asked = await client.post<Import>(`/v1/imports/${id}/undo`);
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
