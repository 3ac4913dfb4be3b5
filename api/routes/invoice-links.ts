/** `/v1/invoices/{id}/links`: signed links that show one invoice to whoever holds them. */
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import { createInvoiceLink, listInvoiceLinks, revokeInvoiceLink, signInvoiceLink } from '../../platform/access/invoice-links.ts';
import { ADMIN, STAFF } from '../../platform/access/roles.ts';
import { actorOf, callerOf } from '../../platform/http/authenticate.ts';
import { publicUrlOf } from '../../platform/http/public-url.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import { NumberParams, PATTERNS } from '../../schemas/http/common.ts';
import { InvoiceLink, InvoiceLinkInput, InvoiceLinkList, InvoiceLinksQuery, LINK_DAYS } from '../../schemas/http/invoice-links.ts';
import { pageByNumber } from './page-by-number.ts';

const tags = ['invoices'];
const LinkParams = Type.Object({ ...NumberParams.properties, link: Type.String({ pattern: PATTERNS.number }) });

export interface SharingOptions {
  /** Where browsers reach this installation; undefined: where the request came to. No slash at the end. */
  publicUrl?: string | undefined;
}

export function registerInvoiceLinks(server: HttpServer, platform: Platform, options: SharingOptions): void {
  registerMaking(server, platform, options);
  registerListing(server, platform, options);
  registerRevoking(server, platform);
}

function registerMaking(server: HttpServer, { postgres, clock }: Platform, options: SharingOptions): void {
  server.post('/v1/invoices/:id/links', {
    config: { access: ADMIN },
    schema: {
      operationId: 'createInvoiceLink',
      summary: 'Share a final or void invoice by a link',
      description:
        'Whoever holds the link reads this invoice, its credit notes and its trace, without signing in, until it expires or is revoked.',
      tags,
      params: NumberParams,
      body: InvoiceLinkInput,
      response: { 201: InvoiceLink },
    },
    handler: async (request, reply) => {
      const by = actorOf(request);
      const base = publicUrlOf(request, options.publicUrl);
      const days = request.body?.days ?? LINK_DAYS;
      const link = await postgres.transaction((transaction) =>
        createInvoiceLink(transaction, request.params.id, { at: clock.now(), by, days }),
      );
      return reply.status(201).send({ ...link, url: await urlOf(base, link, postgres) });
    },
  });
}

function registerListing(server: HttpServer, { postgres, clock }: Platform, options: SharingOptions): void {
  server.get('/v1/invoices/:id/links', {
    config: { access: STAFF },
    schema: {
      operationId: 'listInvoiceLinks',
      summary: 'Links to an invoice, newest first',
      tags,
      params: NumberParams,
      querystring: InvoiceLinksQuery,
      response: { 200: InvoiceLinkList },
    },
    handler: async (request) => {
      const { id } = request.params;
      const { items, nextCursor } = await pageByNumber('invoice-link', request.query, (page) => listInvoiceLinks(postgres, id, page));
      const isAdmin = callerOf(request).role === 'admin';
      const base = publicUrlOf(request, options.publicUrl);
      const now = clock.now().getTime();
      const urlIfShown = async (link: (typeof items)[number]): Promise<string | null> => {
        const works = link.revokedAt === null && Date.parse(link.expiresAt) > now;
        return isAdmin && works ? urlOf(base, link, postgres) : null;
      };
      return { items: await Promise.all(items.map(async (link) => ({ ...link, url: await urlIfShown(link) }))), nextCursor };
    },
  });
}

function registerRevoking(server: HttpServer, { postgres, clock }: Platform): void {
  server.delete('/v1/invoices/:id/links/:link', {
    config: { access: ADMIN },
    schema: {
      operationId: 'revokeInvoiceLink',
      summary: 'Take a link back',
      description: 'From the next call on it shows nothing. It stays listed. May be repeated.',
      tags,
      params: LinkParams,
      response: { 204: Type.Null() },
    },
    handler: async (request, reply) => {
      const { id: invoice, link } = request.params;
      const by = actorOf(request);
      if (!(await postgres.transaction((transaction) => revokeInvoiceLink(transaction, { invoice, link }, { at: clock.now(), by }))))
        throw new ProblemError('not_found', `Invoice ${invoice} has no link ${link}.`);
      return reply.status(204).send(null);
    },
  });
}

/** The token is the fragment, which browsers send to no server: it gets into no log on the way. */
async function urlOf(base: string, link: { id: string; expiresAt: string }, postgres: Postgres): Promise<string> {
  return `${base}/shared/invoice#${await signInvoiceLink(postgres, link)}`;
}
