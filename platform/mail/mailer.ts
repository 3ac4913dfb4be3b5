/** Sends mails in plain words over SMTP. What goes wrong is an answer, not an error: whoever sends one has another way. */
import { createTransport } from 'nodemailer';
import type { Logger } from 'pino';

/** How mail servers are reached; see config-access.ts. */
export interface MailServer {
  host: string;
  port: number;
  /** `at once`: TLS from the first byte. `asked for`: STARTTLS, or nothing is sent. `none`: a relay on this machine or in a closed network. */
  tls: 'at once' | 'asked for' | 'none';
  username: string | undefined;
  password: string | undefined;
}

export interface Mail {
  to: string;
  subject: string;
  /** Plain text. */
  text: string;
}

/** `why`: as a sentence for the administrator, without what the server said, which may quote anything. */
export type MailAnswer = { isSent: true } | { isSent: false; why: string };

export interface Mailer {
  send(mail: Mail): Promise<MailAnswer>;
}

/** A mail of a few lines takes a second. Somebody waits for the answer, who has the link anyway. */
const STEP_MS_MAX = 5_000;
/** All steps together, for a server that answers each of them late. */
const MAIL_MS_MAX = 12_000;

export interface MailerOptions {
  server: MailServer;
  from: string;
  logger: Logger;
  stepMs?: number;
  mailMs?: number;
}

export function createMailer({ server, from, logger, stepMs = STEP_MS_MAX, mailMs = MAIL_MS_MAX }: MailerOptions): Mailer {
  const { host, port, tls, username, password } = server;
  const transport = createTransport({
    host,
    port,
    secure: tls === 'at once',
    requireTLS: tls === 'asked for',
    ignoreTLS: tls === 'none',
    ...(username === undefined ? {} : { auth: { user: username, pass: password ?? '' } }),
    connectionTimeout: stepMs,
    greetingTimeout: stepMs,
    dnsTimeout: stepMs,
    socketTimeout: stepMs,
    // Texts are ours and name no files or addresses to fetch; so it stays.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ to, subject, text }) {
      try {
        await transport.sendMail({ from, to: { name: '', address: to }, subject, text, signal: AbortSignal.timeout(mailMs) });
        return { isSent: true };
      } catch (error) {
        const why = describe(error, server);
        // Not the error itself: servers quote what they were sent.
        logger.warn({ host, port, code: codeOf(error) }, `a mail was not sent: ${why}`);
        return { isSent: false, why };
      }
    },
  };
}

function describe(error: unknown, { host, port }: MailServer): string {
  const at = `The mail server ${host}:${port}`;
  switch (codeOf(error)) {
    case 'EAUTH':
      return `${at} does not take the name and password of TALLYLINE_SMTP_URL.`;
    case 'EENVELOPE':
      return `${at} refuses the recipient or the sender of TALLYLINE_MAIL_FROM.`;
    case 'EMESSAGE':
      return `${at} refuses the mail.`;
    case 'ETLS':
      return `${at} has no TLS.`;
    case 'EDNS':
      return `There is no mail server ${host}.`;
    case 'ETIMEDOUT':
    case 'EABORT':
      return `${at} did not answer in time.`;
    default:
      if (isAboutTrust(error)) return `${at} has a certificate that is not trusted here.`;
      return `${at} could not be reached, or broke off.`;
  }
}

/** OpenSSL's name for it, which nodemailer keeps beside its own. */
function isAboutTrust(error: unknown): boolean {
  const code = error instanceof Error && 'originalCode' in error ? String(error.originalCode) : '';
  return /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(code);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
