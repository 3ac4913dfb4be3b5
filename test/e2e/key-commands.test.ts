/** API keys from the command line, and commands with one. */
import { describe, expect, test } from 'vitest';
import { runToEnd, type Tallyline } from '../support/tallyline.ts';
import { useTallyline } from '../support/use-tallyline.ts';

let tallyline: Tallyline;
useTallyline((started) => {
  tallyline = started;
});

/** With the key of the data directory. */
const command = (...args: string[]) => runToEnd([...args, '--url', tallyline.url, '--data', tallyline.dataDirectory]);

describe('keys', () => {
  test('are made, listed, used by commands as far as their role goes, and revoked', async () => {
    expect(await command('keys')).toMatchObject({ code: 0, stdout: 'There are no API keys.\n' });
    const made = await command('key', 'create', '--name', 'the reader', '--role', 'analyst', '--expires', '2999-01-01T00:00:00Z');
    const [, id = '', text = ''] =
      /^API key (\d+) \(the reader, analyst\), shown this once:\n(tallyline_[\w-]{43})\n$/.exec(made.stdout) ?? [];
    expect([made.code, text.length]).toEqual([0, 53]);
    const withKey = (...args: string[]) =>
      runToEnd([...args, '--url', tallyline.url, '--data', tallyline.dataDirectory], { TALLYLINE_API_KEY: text });
    expect((await command('keys')).stdout).toMatch(
      new RegExp(`^${id} +the reader +${text.slice(0, 16)}… +analyst +never +until 2999-01-01 00:00:00Z$`, 'm'),
    );
    expect((await withKey('status')).code).toBe(0);
    expect(await withKey('keys')).toMatchObject({
      code: 1,
      output: expect.stringContaining('key "the reader" has the role analyst') as string,
    });
    expect((await command('keys')).stdout).toMatch(new RegExp(`^${id} +the reader .* 20\\S+ \\S+Z +127\\.0\\.0\\.1 +until`, 'm'));

    const refused = await command('key', 'create', '--name', 'the reader', '--role', 'admin');
    expect(refused).toMatchObject({ code: 1, stdout: '', output: expect.stringContaining('never given again') as string });
    expect(await command('key', 'create', '--name', 'b', '--role', 'customer', '--customer', 'nobody')).toMatchObject({
      code: 1,
      output: expect.stringContaining('there is no customer "nobody"') as string,
    });

    expect(await command('key', 'revoke', id)).toMatchObject({ code: 0, stdout: `API key ${id} is revoked: its next call is refused.\n` });
    expect(JSON.parse((await command('key', 'revoke', id, '--json')).stdout)).toEqual({ id, revoked: true });
    const late = await withKey('status');
    expect([late.code, late.output]).toEqual([
      1,
      expect.stringMatching(/key of TALLYLINE_API_KEY\. The API key "the reader" was revoked;/),
    ]);
    expect((await command('keys')).stdout).toMatch(new RegExp(`^${id} .* revoked 20\\S+ \\S+Z by admin key$`, 'm'));
    expect(await command('key', 'revoke', '999999')).toMatchObject({
      code: 1,
      output: expect.stringContaining('no API key 999999') as string,
    });
  });
});
