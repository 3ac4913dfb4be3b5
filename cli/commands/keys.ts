/** `keys` and `key`: API keys listed, made and revoked. */
import type { ApiKey, CreatedApiKey } from '../../schemas/http/api-keys.ts';
import type { Client } from '../client.ts';
import { checkId, type Command, type Outcome, type Words } from '../command.ts';
import { listCommand } from '../list.ts';
import { instant, printable } from '../text.ts';

const ROLES = ['admin', 'analyst', 'ingest', 'customer'];
const OF_CREATE = ['name', 'role', 'customer', 'expires'] as const;

export const keys: Command = listCommand<ApiKey>({
  name: 'keys',
  summary: 'lists the API keys, newest first, with when and from where each was last used',
  path: '/v1/api-keys',
  none: 'There are no API keys.',
  header: ['id', 'name', 'key', 'role', 'customer', 'last used', 'from', 'state'],
  row: (one) => [
    one.id,
    one.name,
    `${one.prefix}…`,
    one.role,
    one.customer ?? '',
    one.lastUsedAt === null ? 'never' : instant(one.lastUsedAt),
    one.lastUsedFrom ?? '',
    describeState(one),
  ],
});

export const key: Command = {
  usage: 'key create --name <name> --role <role> [--customer <id>] [--expires <time>] | key revoke <key>',
  summary: 'makes an API key and shows it once, or revokes one',
  operands: { min: 0, max: 2 },
  flags: { name: { type: 'string' }, role: { type: 'string' }, customer: { type: 'string' }, expires: { type: 'string' } },
  flagHelp: [
    '--name <name>    what it is for; never given twice',
    `--role <role>    ${ROLES.join(', ')}: admin does everything, analyst reads everything, ingest sends usage`,
    '--customer <id>  of the role customer: whose usage and invoices it reads',
    '--expires <time> RFC 3339, for example 2027-10-01T00:00:00Z; otherwise it holds until it is revoked',
  ],
  check,
  run: ({ operands: [act, id = ''], flags }, { client }) => (act === 'create' ? create(client, flags) : revoke(client, id)),
};

function check({ operands: [act, id], flags }: Words): string | undefined {
  const { name, role } = flags;
  if (act !== 'create' && act !== 'revoke') return 'Say what to do: create or revoke';
  if (act === 'revoke') {
    const stray = OF_CREATE.find((flag) => flags[flag] !== undefined);
    if (stray !== undefined) return `--${stray} goes with create`;
    return id === undefined ? 'Which key is to be revoked is missing: its id, which "keys" lists' : checkId('a key', id);
  }
  if (id !== undefined) return `"${id}" is one word too many: the name goes behind --name`;
  if (name === undefined) return '--name is missing';
  const choice = 'admin, analyst, ingest or customer';
  if (role === undefined) return `--role is missing: ${choice}`;
  return ROLES.includes(String(role)) ? undefined : `--role is "${String(role)}"; it is ${choice}`;
}

async function create(client: Client, { name, role, customer, expires }: Words['flags']): Promise<Outcome> {
  const answer = await client.post<CreatedApiKey>('/v1/api-keys', { name, role, customer, expiresAt: expires });
  const lines = [`API key ${answer.id} (${printable(answer.name)}, ${answer.role}), shown this once:`, answer.key];
  return { isGood: true, answer, text: lines.join('\n') };
}

async function revoke(client: Client, id: string): Promise<Outcome> {
  await client.delete(`/v1/api-keys/${id}`);
  return { isGood: true, answer: { id, revoked: true }, text: `API key ${id} is revoked: its next call is refused.` };
}

function describeState({ revokedAt, revokedBy, expiresAt }: ApiKey): string {
  if (revokedAt !== null) return `revoked ${instant(revokedAt)} by ${revokedBy ?? ''}`;
  return expiresAt === null ? 'valid' : `until ${instant(expiresAt)}`;
}
