import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDirectoryError, openDataDirectory } from './data-directory.ts';
import { processStartedAt } from './process-identity.ts';

const clock = { now: () => new Date('2024-05-01T12:00:00Z'), monotonicMs: () => 0 };
const MODULE = fileURLToPath(new URL('./data-directory.ts', import.meta.url));

let base: string;
let path: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'tallyline data ü-'));
  path = join(base, 'deep', 'data');
});
afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

const open = () => openDataDirectory(path, { clock });

/** A process that opens the directory and waits. Answers it once it has the lock. */
async function openElsewhere() {
  const program = `const { openDataDirectory } = await import(${JSON.stringify(MODULE)});
    await openDataDirectory(${JSON.stringify(path)}, { clock: { now: () => new Date(), monotonicMs: () => 0 } });
    process.stdout.write('open\\n'); setInterval(() => undefined, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(createInterface(child.stdout), 'line');
  return child;
}

describe('the data directory', () => {
  it('is made for its owner alone, with its format in it', async () => {
    const directory = await open();
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect(JSON.parse(await readFile(join(path, 'tallyline.json'), 'utf8'))).toEqual({ format: 1, createdAt: '2024-05-01T12:00:00.000Z' });
    await directory.close();
    expect(await readdir(path)).toEqual(['tallyline.json']);
  });

  it('is found again with all it holds', async () => {
    await (await open()).close();
    await writeFile(join(path, 'something'), 'kept');
    const again = await open();
    expect(await readFile(join(path, 'something'), 'utf8')).toBe('kept');
    await again.close();
  });

  it('keeps one admin key, which only its owner can read', async () => {
    const directory = await open();
    const key = await directory.adminKey();
    expect(key).toMatch(/^[0-9a-f]{48}$/);
    expect(await directory.adminKey()).toBe(key);
    expect((await stat(join(path, 'admin-key'))).mode & 0o777).toBe(0o600);
    await directory.close();
    const again = await open();
    expect(await again.adminKey()).toBe(key);
    await writeFile(join(path, 'admin-key'), '\n');
    await expect(again.adminKey()).rejects.toThrow('is empty');
    await again.close();
  });

  describe('is refused', () => {
    const expectRefusal = async (sentence: string) => {
      const refused = open();
      await expect(refused).rejects.toBeInstanceOf(DataDirectoryError);
      await expect(refused).rejects.toThrow(sentence);
    };

    it('when a newer version has used it', async () => {
      await mkdir(path, { recursive: true });
      await writeFile(join(path, 'tallyline.json'), '{ "format": 2 }');
      await expectRefusal('has format 2, and this version of Tallyline knows formats up to 1');
    });

    it.each(['', 'format: 1', '{}', '{ "format": "1" }', '{ "format": 0 }', 'null'])('when its format is unreadable: %j', async (text) => {
      await mkdir(path, { recursive: true });
      await writeFile(join(path, 'tallyline.json'), text);
      await expectRefusal('does not say which format');
    });

    it("when it holds somebody else's files", async () => {
      await mkdir(path, { recursive: true });
      await writeFile(join(path, 'thesis.tex'), '');
      await expectRefusal('it holds "thesis.tex" and no tallyline.json');
      expect(await readdir(path)).toEqual(['thesis.tex']);
    });

    it('when there is a file of that name', async () => {
      await mkdir(join(base, 'deep'));
      await writeFile(path, '');
      await expectRefusal('because there is a file of that name');
    });

    it('when it cannot be written', async () => {
      // What even root may not write to: a file system of the kernel's.
      path = process.platform === 'linux' ? '/sys/tallyline' : join(base, 'closed', 'data');
      await mkdir(join(base, 'closed'), { mode: 0o500 });
      await expectRefusal('cannot be');
      await chmod(join(base, 'closed'), 0o700);
    });

    it('when this process has it open already', async () => {
      const directory = await open();
      await expectRefusal('is in use by this same process');
      await directory.close();
      await (await open()).close();
    });

    it('when another process has it open, until that has ended, however it ended', async () => {
      const other = await openElsewhere();
      await expectRefusal(`is in use by process ${other.pid}`);
      other.kill('SIGKILL');
      await once(other, 'exit');
      await (await open()).close();
      expect(await readdir(path)).toEqual(['tallyline.json']);
    });
  });

  it('is taken over from a process whose number another one has now', async () => {
    await (await open()).close();
    await writeFile(join(path, 'lock'), JSON.stringify({ pid: process.pid, startedAt: 'another boot:1' }));
    const directory = await open();
    await expect(open()).rejects.toThrow('in use');
    await directory.close();
  });

  it.each(['', '{"pid":'])('is taken over when a power cut has left its lock unfinished: %j', async (text) => {
    await (await open()).close();
    await writeFile(join(path, 'lock'), text);
    await (await open()).close();
  });

  it('goes to one of several that want it at once', async () => {
    await (await open()).close();
    for (let round = 0; round < 20; round += 1) {
      await writeFile(join(path, 'lock'), JSON.stringify({ pid: process.pid, startedAt: 'another boot:1' }));
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, open));
      const opened = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      expect(opened).toHaveLength(1);
      await opened[0]?.close();
      expect(await readdir(path)).toEqual(['tallyline.json']);
    }
  });

  it('is left alone by a close that comes after another has taken it', async () => {
    const first = await open();
    await rm(join(path, 'lock'));
    const second = await open();
    await first.close();
    await expect(open()).rejects.toThrow('in use');
    await second.close();
  });

  it('becomes ours after a first start that broke off', async () => {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'lock'), JSON.stringify({ pid: 999_999_999, startedAt: 'gone' }));
    await writeFile(join(path, 'tallyline.json.4711'), '{');
    const directory = await open();
    expect(JSON.parse(await readFile(join(path, 'tallyline.json'), 'utf8'))).toMatchObject({ format: 1 });
    await directory.close();
  });
});

describe('processStartedAt', () => {
  it('is the same for the same process, another for another, and nothing for none', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    const own = await processStartedAt(process.pid);
    const others = await processStartedAt(pid);
    expect([own, others].every((startedAt) => typeof startedAt === 'string')).toBe(true);
    expect(await processStartedAt(process.pid)).toBe(own);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await processStartedAt(pid)).toBeUndefined();
    for (const none of [0, -1, 1.5, Number.NaN]) expect(await processStartedAt(none)).toBeUndefined();
  });
});
