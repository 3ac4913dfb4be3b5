/** Hands a link out: by mail where there is a mail server, and in the answer in any case. */
import type { UserLink } from '../../schemas/http/users.ts';
import type { NewUserLink } from '../access/user-links.ts';
import type { Mailer } from './mailer.ts';
import { linkMail } from './texts.ts';

export interface LinkOf {
  email: string;
  name: string;
}

/** `createdBy`: who made it, or undefined where the person asked for it. Keys and printed links have no name that says anything. */
export async function sendUserLink(
  mailer: Mailer | undefined,
  { user, link, publicUrl, createdBy }: { user: LinkOf; link: NewUserLink; publicUrl: string; createdBy: string | undefined },
): Promise<UserLink> {
  // Behind the #: browsers keep it to themselves, so that no proxy writes it down.
  const url = `${publicUrl}/password#${link.token}`;
  const shown = { url, expiresAt: link.expiresAt, sentTo: null };
  if (mailer === undefined) return { ...shown, reason: 'No mail server is set up (TALLYLINE_SMTP_URL).' };
  const invitedBy = createdBy === undefined || createdBy.includes('@') ? createdBy : 'An administrator';
  const answer = await mailer.send(linkMail({ ...user, purpose: link.purpose, url, expiresAt: link.expiresAt, invitedBy }));
  return answer.isSent ? { ...shown, sentTo: user.email, reason: null } : { ...shown, reason: answer.why };
}
