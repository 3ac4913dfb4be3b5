import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';

function capture(options: { pretty?: boolean } = {}) {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', ...options, destination: { write: (line) => lines.push(line) } });
  return { logger, text: () => lines.join(''), entry: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

describe('logger', () => {
  it('writes one JSON object a line, with a name for its level and a readable time', () => {
    const { logger, entry } = capture();
    logger.info({ phase: 'postgres' }, 'started');
    expect(entry()).toMatchObject({
      level: 'info',
      phase: 'postgres',
      msg: 'started',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
  });

  it('leaves out what is below its level', () => {
    const { logger, text } = capture();
    logger.debug('no');
    expect(text()).toBe('');
  });

  it.each([
    { authorization: 'Bearer s3cret' },
    { headers: { authorization: 'Bearer s3cret', cookie: 'session=s3cret', 'set-cookie': 's3cret' } },
    { req: { headers: { authorization: 'Bearer s3cret' } } },
    { res: { headers: { 'set-cookie': 'session=s3cret' } } },
    { connection: { password: 's3cret' } },
    { body: { token: 's3cret', current: 's3cret' } },
    { openId: { clientSecret: 's3cret' }, smtpUrl: 's3cret' },
  ])('never shows a secret: %j', (fields) => {
    const { logger, text } = capture();
    logger.info(fields, 'request');
    expect(text()).toContain('request');
    expect(text()).not.toContain('s3cret');
  });

  it('tells of an error its kind, place and cause, and none of the row in it', () => {
    const { logger, entry, text } = capture();
    const error = Object.assign(new Error('duplicate key', { cause: Object.assign(new Error('cut off'), { code: 'ECONNRESET' }) }), {
      code: '23505',
      constraint: 'usage_records_identity',
      detail: 'Key (customer, id)=(acme, 17) already exists.',
      where: 'COPY usage_records, line 3: "acme"',
    });
    logger.error({ err: error }, 'failed');
    expect(entry()['err']).toMatchObject({
      message: 'duplicate key',
      code: '23505',
      constraint: 'usage_records_identity',
      cause: { code: 'ECONNRESET' },
    });
    expect(text()).not.toContain('acme');
  });

  it('can write lines for a person', () => {
    const { logger, text } = capture({ pretty: true });
    logger.warn({ phase: 'http', tries: 3 }, 'slow');
    expect(text()).toMatch(/^\d\d:\d\d:\d\d warn {2}slow phase=http tries=3\n$/);
    logger.error({ err: new Error('broken') }, 'failed');
    expect(text()).toMatch(/error failed\n {2}Error: broken\n {6}at /);
  });
});
