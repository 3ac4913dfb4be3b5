/** A real SMTP server on a free port of this machine, which keeps what it was sent. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { MailServer } from '../../platform/mail/mailer.ts';

export interface TestMailServer {
  readonly server: MailServer;
  /** Mails as they came, headers and all. */
  readonly mails: string[];
  close(): Promise<void>;
}

const REACHED = { host: '127.0.0.1', tls: 'none', username: undefined, password: undefined } as const;

export async function openMailServer(options: SMTPServerOptions = {}): Promise<TestMailServer> {
  const mails: string[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    onData(stream, _session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push(Buffer.concat(chunks).toString('utf8'));
        callback();
      });
    },
    ...options,
  });
  // A client that does not trust it breaks off, which is what some tests are about.
  smtp.on('error', () => undefined);
  const listening = smtp.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return {
    mails,
    server: { ...REACHED, port: (listening.address() as AddressInfo).port },
    close: () => new Promise((resolve) => smtp.close(() => resolve())),
  };
}

/** Takes the connection, and never says a word. */
export async function openSilentServer(): Promise<TestMailServer> {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  return {
    mails: [],
    server: { ...REACHED, port: (silent.address() as AddressInfo).port },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      silent.close();
      await once(silent, 'close');
    },
  };
}

/** The text of a mail that is plain or quoted-printable. */
export function textOf(mail: string): string {
  const [head = '', ...body] = mail.split('\r\n\r\n');
  const text = body.join('\r\n\r\n').replaceAll('\r\n', '\n');
  if (!/^content-transfer-encoding: quoted-printable/im.test(head)) return text;
  const bytes = text
    .replaceAll(/=\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
