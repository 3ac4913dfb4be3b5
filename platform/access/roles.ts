/** Roles, and the declaration that every route makes of who may call it. */

/**
 * `admin` does everything. `analyst` reads everything and changes nothing. `ingest` sends usage and reads its own imports.
 * `customer` reads its own customer's usage, records and invoices. `link` is whoever holds a signed link to one invoice.
 */
export const ROLES = ['admin', 'analyst', 'ingest', 'customer', 'link'] as const;
export type Role = (typeof ROLES)[number];

/** Roles a person can have. */
export type UserRole = Exclude<Role, 'ingest' | 'link'>;

/** Roles a key can have. */
export type KeyRole = Exclude<Role, 'link'>;

/** Who may call a route: these roles, or anybody, signed in or not. */
export type Access = readonly Role[] | 'public';

/** Changes of what is billed, and what concerns the installation. */
export const ADMIN: Access = ['admin'];
/** Reads everything. */
export const STAFF: Access = ['admin', 'analyst'];
/** Sends usage. */
export const SENDERS: Access = ['admin', 'ingest'];
/** Imports: all of them for staff, its own for a key that sends. */
export const STAFF_AND_SENDERS: Access = ['admin', 'analyst', 'ingest'];
/** Usage and invoices: all of them for staff, their own for customers. */
export const READERS: Access = ['admin', 'analyst', 'customer'];
/** One invoice: readers, and whoever holds a link to it. */
export const INVOICE_READERS: Access = ['admin', 'analyst', 'customer', 'link'];
/** Whoever has signed in, by whatever means. */
export const EVERYBODY: Access = ROLES;
