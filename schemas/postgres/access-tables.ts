/** Who may come in, by what means, and who did what. Secrets are kept as hashes only. */
import { sql } from 'drizzle-orm';
import { bigint, bigserial, check, index, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { count, instant, key } from './columns.ts';
import { invoices } from './invoice-tables.ts';

/** People. A row stays for ever: what they did names them. */
export const users = pgTable(
  'users',
  {
    userId: bigserial('user_id', { mode: 'number' }).primaryKey(),
    /** As it is compared: in lower case. */
    email: text('email').notNull().unique(),
    name: text('name').notNull(),
    role: text('role').notNull(),
    /** Of the role `customer`. */
    customer: key('customer'),
    /** A PHC string; null until one was chosen, and for those who sign in elsewhere only. */
    passwordHash: text('password_hash'),
    passwordAt: instant('password_at'),
    /** Who the identity provider says it is: issuer and subject (OpenID Connect Core, 2). */
    issuer: text('issuer'),
    subject: text('subject'),
    createdAt: instant('created_at').notNull(),
    createdBy: text('created_by').notNull(),
    /** Written a minute late at the most. */
    lastSeenAt: instant('last_seen_at'),
    disabledAt: instant('disabled_at'),
    disabledBy: text('disabled_by'),
  },
  (table) => [
    check('users_customer', sql`(role = 'customer') = (customer IS NOT NULL)`),
    uniqueIndex('users_subject').on(table.issuer, table.subject),
  ],
);

/** Invitations and resets: whoever holds the token chooses a password, once. */
export const userLinks = pgTable(
  'user_links',
  {
    tokenHash: text('token_hash').primaryKey(),
    userId: bigint('user_id', { mode: 'number' })
      .notNull()
      .references(() => users.userId),
    /** `invitation` or `reset`. */
    purpose: text('purpose').notNull(),
    createdAt: instant('created_at').notNull(),
    createdBy: text('created_by').notNull(),
    expiresAt: instant('expires_at').notNull(),
    usedAt: instant('used_at'),
  },
  (table) => [index('user_links_user').on(table.userId)],
);

/** One-time links that the program prints for its administrator. */
export const signInLinks = pgTable('sign_in_links', {
  tokenHash: text('token_hash').primaryKey(),
  expiresAt: instant('expires_at').notNull(),
  usedAt: instant('used_at'),
});

/** Signed-in browsers. One that was ended is gone. */
export const sessions = pgTable(
  'sessions',
  {
    sessionId: bigserial('session_id', { mode: 'number' }).primaryKey(),
    tokenHash: text('token_hash').notNull().unique(),
    /** Null for the administrator by a printed link, who is no user. */
    userId: bigint('user_id', { mode: 'number' }).references(() => users.userId),
    createdAt: instant('created_at').notNull(),
    /** Written a minute late at the most. */
    lastSeenAt: instant('last_seen_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
    address: text('address').notNull(),
    userAgent: text('user_agent').notNull(),
  },
  (table) => [index('sessions_user').on(table.userId)],
);

/** Failed sign-ins of the last hours: by account and by address, whether there is such an account or not. */
export const signInFailures = pgTable(
  'sign_in_failures',
  {
    failureId: bigserial('failure_id', { mode: 'number' }).primaryKey(),
    /** Hash of the address that was typed. */
    account: text('account').notNull(),
    address: text('address').notNull(),
    at: instant('at').notNull(),
  },
  (table) => [index('sign_in_failures_account').on(table.account, table.at), index('sign_in_failures_address').on(table.address, table.at)],
);

/** Keys of machines. A row stays for ever, revoked or not: what was sent with it names it. */
export const apiKeys = pgTable(
  'api_keys',
  {
    keyId: bigserial('key_id', { mode: 'number' }).primaryKey(),
    name: text('name').notNull().unique(),
    /** The first characters, by which people know it again. */
    prefix: text('prefix').notNull(),
    keyHash: text('key_hash').notNull().unique(),
    role: text('role').notNull(),
    customer: key('customer'),
    createdAt: instant('created_at').notNull(),
    createdBy: text('created_by').notNull(),
    expiresAt: instant('expires_at'),
    /** Written a minute late at the most. */
    lastUsedAt: instant('last_used_at'),
    lastUsedFrom: text('last_used_from'),
    revokedAt: instant('revoked_at'),
    revokedBy: text('revoked_by'),
  },
  () => [check('api_keys_customer', sql`(role = 'customer') = (customer IS NOT NULL)`)],
);

/** Links that show one invoice to whoever holds them. */
export const invoiceLinks = pgTable(
  'invoice_links',
  {
    linkId: bigserial('link_id', { mode: 'number' }).primaryKey(),
    invoiceId: bigint('invoice_id', { mode: 'number' })
      .notNull()
      .references(() => invoices.invoiceId),
    createdAt: instant('created_at').notNull(),
    createdBy: text('created_by').notNull(),
    expiresAt: instant('expires_at').notNull(),
    revokedAt: instant('revoked_at'),
    revokedBy: text('revoked_by'),
    opened: count('opened').notNull().default(0),
    lastOpenedAt: instant('last_opened_at'),
  },
  (table) => [index('invoice_links_invoice').on(table.invoiceId)],
);

/** What this installation signs with; made at the first start. */
export const installationSecrets = pgTable('installation_secrets', {
  name: text('name').primaryKey(),
  secret: text('secret').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
});

/** Who did what, when and why, and from where. Append-only: a trigger refuses changes. */
export const auditEntries = pgTable(
  'audit_entries',
  {
    entryId: bigserial('entry_id', { mode: 'number' }).primaryKey(),
    at: instant('at').notNull(),
    who: text('who').notNull(),
    /** Of the connection, or what a trusted proxy says of it; null for the program itself. */
    address: text('address'),
    /** Such as `invoice.finalized`. */
    what: text('what').notNull(),
    /** Such as `invoice/12`. */
    subject: text('subject').notNull(),
    reason: text('reason'),
    details: jsonb('details').notNull().default({}),
  },
  (table) => [
    index('audit_entries_subject').on(table.subject, table.entryId),
    index('audit_entries_who').on(table.who, table.entryId),
    index('audit_entries_at').on(table.at),
  ],
);
