/** A way to a server that fails on demand: where every request arrives but no answer does, or only the beginning of a request. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** What happens to the bytes of all connections, old and new, from now on. */
export type Fault =
  | { kind: 'none' }
  /**
   * Requests arrive; of the answer nothing comes back, and the connection is cut in its place or stays open in silence. A connection
   * that has lost something is reset when the fault is over, as by a network that works again and knows nothing of it.
   */
  | { kind: 'lost-answer'; then: 'cut' | 'silence' }
  /** The connection is cut on both sides when so many bytes of requests have passed. */
  | { kind: 'cut-request'; afterBytes: number }
  /** Each piece of an answer comes so much later. */
  | { kind: 'delay'; byMs: number };

export interface TcpProxy {
  readonly port: number;
  /** Connections that were opened through it. */
  readonly connections: number;
  /** Answers, or beginnings of answers, that were lost. */
  readonly answersLost: number;
  set(fault: Fault): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const silenced = new Set<Socket>();
  let fault: Fault = { kind: 'none' };
  let connections = 0;
  let answersLost = 0;
  let requestBytes = 0;

  function keep(socket: Socket, other: Socket): void {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
    // A cut is what this is for; 'close' follows.
    socket.on('error', () => undefined);
  }

  const proxy = createServer((client) => {
    connections += 1;
    const server = connect(target);
    keep(client, server);
    keep(server, client);
    forward(client, server, (bytes) => {
      if (fault.kind !== 'cut-request') return true;
      requestBytes += bytes;
      if (requestBytes <= fault.afterBytes) return true;
      client.destroy();
      return false;
    });
    const isKept = () => {
      if (fault.kind !== 'lost-answer') return true;
      answersLost += 1;
      if (fault.then === 'cut') client.destroy();
      else silenced.add(client);
      return false;
    };
    forward(server, client, isKept, () => (fault.kind === 'delay' ? fault.byMs : 0));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');

  return {
    port: (proxy.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get answersLost() {
      return answersLost;
    },
    set(next) {
      for (const client of silenced) client.destroy();
      silenced.clear();
      fault = next;
      requestBytes = 0;
    },
    async close() {
      const closed = once(proxy, 'close');
      proxy.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** With backpressure; `passes` decides about each piece, `delayMs` when it goes on. */
function forward(from: Socket, to: Socket, passes: (bytes: number) => boolean, delayMs: () => number = () => 0): void {
  const send = (piece: Buffer) => {
    if (to.destroyed || to.write(piece)) return;
    from.pause();
    to.once('drain', () => from.resume());
  };
  from.on('data', (piece: Buffer) => {
    if (!passes(piece.length)) return;
    const waitMs = delayMs();
    if (waitMs === 0) return send(piece);
    // Nothing overtakes it: the next piece is not read before.
    from.pause();
    setTimeout(() => {
      from.resume();
      send(piece);
    }, waitMs);
  });
  from.once('end', () => to.end());
}
