import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { dropRest } from './drop-rest.ts';

describe('dropRest', () => {
  it('lets a body in to its end', async () => {
    const body = new PassThrough();
    dropRest(body);
    const ended = once(body, 'end');
    for (let piece = 0; piece < 100; piece += 1) if (!body.write(Buffer.alloc(65_536))) await once(body, 'drain');
    body.end();
    await ended;
    expect(body.readableEnded).toBe(true);
  });

  it('cuts off who hardly sends any of it', async () => {
    const [connection, part] = [new PassThrough(), new PassThrough()];
    part.write('a drop');
    dropRest(part, { connection, pieceMs: 20 });
    await once(connection, 'close');
    part.destroy();
    const body = new PassThrough();
    dropRest(body, { pieceMs: 20 });
    await once(body, 'close');
    expect([connection.readableEnded, body.readableEnded]).toEqual([false, false]);
  });
});
