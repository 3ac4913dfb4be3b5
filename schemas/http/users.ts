/** People who sign in: who they are, how they come in, and the browsers in which they are. */
import { Type } from 'typebox';
import { Instant, List, nullable, Page, PATTERNS, strictObject } from './common.ts';

/** What a one-time link carries. */
export const Token = Type.String({ minLength: 20, maxLength: 200 });
/** What somebody types who is not signed in: whatever it is, it is answered alike. */
export const Typed = Type.String({ minLength: 1, maxLength: 1000 });

const UserRole = Type.Union([Type.Literal('admin'), Type.Literal('analyst'), Type.Literal('customer')]);
/** RFC 5321, 4.5.3.1.3: a path has 256 octets, two of them brackets. */
const Email = Type.String({ maxLength: 254, pattern: PATTERNS.email, examples: ['ada@example.com'] });
const Name = Type.String({ maxLength: 200, pattern: PATTERNS.name });
const Customer = Type.String({
  minLength: 1,
  maxLength: 300,
  description: 'Of the role `customer`, and of no other: whose usage and invoices they see.',
});

export const User = Type.Object({
  id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  role: UserRole,
  customer: nullable(Type.String()),
  status: Type.Union([Type.Literal('invited'), Type.Literal('active'), Type.Literal('disabled')], {
    description: '`invited` until they have a password, or have come in through the identity provider.',
  }),
  createdAt: Instant,
  createdBy: Type.String(),
  lastSeenAt: nullable(Type.String({ description: 'RFC 3339 in UTC; a minute late at the most.' })),
});
export type User = Type.Static<typeof User>;
export const UserList = List(User);
export const UsersQuery = strictObject(Page);

export const UserInput = strictObject({ email: Email, name: Name, role: UserRole, customer: Type.Optional(nullable(Customer)) });
export type UserInput = Type.Static<typeof UserInput>;

export const UserChange = strictObject({
  name: Type.Optional(Name),
  role: Type.Optional(UserRole),
  customer: Type.Optional(nullable(Customer)),
  disabled: Type.Optional(Type.Boolean()),
});
export type UserChange = Type.Static<typeof UserChange>;

export const UserLink = Type.Object({
  url: Type.String({ description: 'Shown here only. Whoever has it chooses the password, once.' }),
  expiresAt: Instant,
  sentTo: nullable(Type.String({ description: 'The e-mail address that it was sent to.' })),
  reason: nullable(Type.String({ description: 'Why it was not sent, where it was not.' })),
});
export type UserLink = Type.Static<typeof UserLink>;
export const InvitedUser = Type.Object({ user: User, link: UserLink });
export type InvitedUser = Type.Static<typeof InvitedUser>;

export const SignInWays = Type.Object({
  password: Type.Boolean(),
  openId: nullable(Type.Object({ name: Type.String({ description: 'Of the identity provider.' }) })),
  resetByMail: Type.Boolean({ description: 'Whether POST /v1/password-resets sends mails.' }),
});
export type SignInWays = Type.Static<typeof SignInWays>;

export const PasswordLinkToken = strictObject({ token: Token });
export const PasswordLink = Type.Object({
  email: Type.String(),
  purpose: Type.Union([Type.Literal('invitation'), Type.Literal('reset')]),
  expiresAt: Instant,
});
export type PasswordLink = Type.Static<typeof PasswordLink>;

/** Longer than any that is taken, so that one that is too long is told so in words. */
const NewPassword = Type.String({
  maxLength: 4_000,
  description: '12 to 256 characters of any kind, not the e-mail address, and none of the commonest.',
});
export const PasswordChoice = strictObject({ token: Token, password: NewPassword });
export const PasswordChange = strictObject({ current: Typed, password: NewPassword });
export const PasswordReset = strictObject({ email: Typed });

export const BrowserSession = Type.Object({
  id: Type.String(),
  user: nullable(Type.String({ description: 'Id of the user; null for the administrator by a printed link, who is none.' })),
  name: Type.String({ description: 'E-mail address, or `admin`.' }),
  createdAt: Instant,
  lastSeenAt: Instant,
  expiresAt: Instant,
  address: Type.String({ description: 'From where it was opened.' }),
  userAgent: Type.String(),
  isCurrent: Type.Boolean({ description: 'Whether this very call is made in it.' }),
});
export type BrowserSession = Type.Static<typeof BrowserSession>;
export const BrowserSessionList = List(BrowserSession);
export const BrowserSessionsQuery = strictObject({
  ...Page,
  user: Type.Optional(
    Type.String({ pattern: '^(all|\\d{1,18})$', description: "For administrators: id of a user, or `all`. Otherwise one sees one's own." }),
  ),
});

export const SignInLink = Type.Object({ url: Type.String({ description: 'Signs in as administrator, once.' }), expiresAt: Instant });

/** Why a sign-in through the identity provider did not come about: `/sign-in?problem=…`. */
export const OPENID_PROBLEMS = [
  'unknown_user',
  'unverified_email',
  'user_disabled',
  'sign_in_expired',
  'provider_refused',
  'provider_unavailable',
] as const;
export type OpenIdProblem = (typeof OPENID_PROBLEMS)[number];
export const OpenIdStartQuery = strictObject({
  to: Type.Optional(
    Type.String({ maxLength: 2000, description: 'Path of this site to go to afterwards.', examples: ['/invoices?status=final'] }),
  ),
});
