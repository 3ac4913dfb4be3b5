/** What the mails say. */
import type { PasswordLink } from '../../schemas/http/users.ts';
import type { Mail } from './mailer.ts';

export interface LinkMail {
  email: string;
  name: string;
  purpose: PasswordLink['purpose'];
  url: string;
  /** RFC 3339, UTC. */
  expiresAt: string;
  /** E-mail address of who made it; undefined where the person asked for it. */
  invitedBy: string | undefined;
}

export function linkMail({ email, name, purpose, url, expiresAt, invitedBy }: LinkMail): Mail {
  const until = `${expiresAt.slice(0, 10)} ${expiresAt.slice(11, 16)} UTC`;
  const [subject, opening, ending] =
    purpose === 'invitation'
      ? [
          'Your access to Tallyline',
          `${invitedBy ?? 'An administrator'} has invited you to Tallyline, where you see usage and invoices. Choose a password here:`,
          'If you know nothing of this, you can ignore this mail.',
        ]
      : [
          'A new password for Tallyline',
          invitedBy === undefined
            ? 'Somebody, probably you, has asked for a new password for Tallyline. Choose it here:'
            : `${invitedBy} has made a link for you to choose a new password for Tallyline:`,
          'If you do not want a new password, ignore this mail: the old one still works.',
        ];
  const text = `Hello ${name},

${opening}

${url}

The link works once, until ${until}. Your sign-in name is ${email}.
${ending}
`;
  return { to: email, subject, text };
}
