import { describe, expect, it } from 'vitest';
import { isClientCommand, runClientCommand } from './app.ts';
import { readRequest } from './arguments.ts';
import { deadLetters, replay } from './commands/dead-letters.ts';
import { key } from './commands/keys.ts';
import { reconcile } from './commands/reconcile.ts';
import { undo } from './commands/undo.ts';

/** Nothing listens there. (Port 1 is one of those that fetch itself refuses.) */
const NOWHERE = 'http://127.0.0.1:2';

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const environment = { TALLYLINE_URL: NOWHERE, TALLYLINE_DATA: '/nowhere' };
  const code = await runClientCommand(args, environment, { out: (text) => void (out += text), err: (text) => void (err += text) });
  return { code, out, err };
}

describe('isClientCommand', () => {
  it.each([
    [['status'], true],
    [['--url', 'http://tallyline', 'undo', '7'], true],
    [['--port', '4001', 'rebuild'], true],
    [['dead-letters', '--limit', '5'], true],
    [['help'], true],
    [['--help'], true],
    [['-h'], true],
    [[], false],
    [['migrate'], false],
    [['--port', '4001'], false],
    [['--roles', 'api', '--data', 'status'], false],
    [['serve'], false],
  ])('%j: %s', (args, expected) => {
    expect(isClientCommand(args)).toBe(expected);
  });
});

describe('readRequest', () => {
  it('takes operands and flags in any order, and keeps those of the configuration apart', () => {
    expect(readRequest(['--data', '/srv', 'undo', '--no-wait', '7', '--json', '--url=http://a'], undo)).toEqual({
      ok: true,
      request: {
        words: { operands: ['7'], flags: { 'no-wait': true } },
        where: { url: 'http://a', data: '/srv' },
        isJson: true,
        isHelp: false,
      },
    });
    expect(readRequest(['reconcile', '--customer', 'a b', '--from=2026-10-01T00:00:00Z'], reconcile)).toMatchObject({
      ok: true,
      request: { words: { operands: [], flags: { customer: 'a b', from: '2026-10-01T00:00:00Z' } }, where: {} },
    });
  });

  it.each([
    [undo, ['undo'], '<import> is missing'],
    [undo, ['undo', '7', '8'], '"8" is one word too many'],
    [undo, ['undo', 'seven'], '"seven" is not the id of an import, which is a number'],
    [undo, ['undo', '7', '--force'], '--force is not an option of it'],
    [undo, ['undo', '7', '--toString'], '--toString is not an option of it'],
    [undo, ['undo', '7', '--url'], '--url needs a value'],
    [undo, ['undo', '7', '--data='], '--data needs a value'],
    [undo, ['undo', '7', '--json=yes'], '--json takes no value'],
    [undo, ['undo', '7', '--url', 'http://a', '--url', 'http://b'], '--url is given twice'],
    [replay, ['replay'], 'Either the id of a dead letter or --all is needed'],
    [replay, ['replay', '3', '--all'], 'Either the id of a dead letter or --all is needed'],
    [deadLetters, ['dead-letters', '--limit', '0'], '--limit is "0"; it takes a whole number from 1 to 1000'],
    [deadLetters, ['dead-letters', '--limit', '1001'], '--limit is "1001"; it takes a whole number from 1 to 1000'],
    [key, ['key'], 'Say what to do: create or revoke'],
    [key, ['key', 'delete', '3'], 'Say what to do: create or revoke'],
    [key, ['key', 'revoke'], 'Which key is to be revoked is missing: its id, which "keys" lists'],
    [key, ['key', 'revoke', 'billing'], '"billing" is not the id of a key, which is a number'],
    [key, ['key', 'revoke', '3', '--name', 'a'], '--name goes with create'],
    [key, ['key', 'create', '--name', 'a'], '--role is missing: admin, analyst, ingest or customer'],
    [key, ['key', 'create', '--role', 'admin'], '--name is missing'],
    [key, ['key', 'create', '--name', 'a', '--role', 'root'], '--role is "root"; it is admin, analyst, ingest or customer'],
    [key, ['key', 'create', 'a', '--role', 'admin'], '"a" is one word too many: the name goes behind --name'],
    [reconcile, ['reconcile', 'acme'], '"acme" is one word too many'],
  ])('of %o refuses %j', (command, args, fault) => {
    expect(readRequest(args, command)).toEqual({ ok: false, fault });
  });
});

describe('a command', () => {
  it('with words that make no sense ends with 2, says what, and shows how it is used', async () => {
    expect(await run('undo')).toEqual({
      code: 2,
      out: '',
      err: '<import> is missing.\nUsage: node main.ts undo <import> [--adjust] [--no-wait]\n',
    });
    expect(await run('status', '--port', 'many')).toEqual({
      code: 2,
      out: '',
      err: '--port / PORT is "many"; it takes a whole number from 1 to 65535\nUsage: node main.ts status\n',
    });
  });

  it('says where it looked when nothing listens there, and ends with 1', async () => {
    expect(await run('status')).toEqual({
      code: 1,
      out: '',
      err: `Tallyline is not running at ${NOWHERE}; start it with npm start, or say where with --url.\n`,
    });
  });

  it('says what is wrong where it is something else', async () => {
    const { code, err } = await run('status', '--url', 'http://127.0.0.1:1');
    expect([code, err]).toEqual([1, 'Tallyline cannot be reached at http://127.0.0.1:1 (bad port). Say where it is with --url.\n']);
  });

  it('explains itself with --help, without what it would need otherwise', async () => {
    const { code, out } = await run('undo', '--help');
    expect([code, out]).toEqual([0, expect.stringMatching(/undo <import>[\s\S]*--no-wait[\s\S]*--json/)]);
    expect((await run('help', 'undo')).out).toBe(out);
  });
});

describe('help', () => {
  it('lists every command', async () => {
    const { code, out } = await run('help');
    expect(code).toBe(0);
    for (const name of [
      'migrate',
      'status',
      'undo',
      'conflicts',
      'resolve',
      'dead-letters',
      'replay',
      'reconcile',
      'rebuild',
      'keys',
      'key',
    ])
      expect(out).toMatch(new RegExp(`^.* ${name}\\s`, 'm'));
    expect((await run('--help')).out).toBe(out);
  });

  it('refuses what it does not know', async () => {
    expect(await run('help', 'refund')).toMatchObject({ code: 2, err: expect.stringContaining('"refund"') as string });
  });
});
