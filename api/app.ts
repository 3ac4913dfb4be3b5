/** The api role: everything people and scripts read, and what they set up. A Fastify plugin for the shared server. */
import type { HttpServer } from '../platform/http/server.ts';
import type { Platform } from '../platform/platform.ts';
import type { About } from '../schemas/http/operations.ts';
import { registerAbout } from './routes/about.ts';
import { registerApiKeys } from './routes/api-keys.ts';
import { registerAudit } from './routes/audit.ts';
import { registerBillingRuns } from './routes/billing-runs.ts';
import { registerConflicts } from './routes/conflicts.ts';
import { registerCreditNotes } from './routes/credit-notes.ts';
import { registerCustomers } from './routes/customers.ts';
import { registerDeadLetters } from './routes/dead-letters.ts';
import { registerImportCustomers } from './routes/import-customers.ts';
import { registerInvoiceExports } from './routes/invoice-exports.ts';
import { registerEffect } from './routes/effect.ts';
import { registerInvoiceLinks } from './routes/invoice-links.ts';
import { registerInvoiceLife } from './routes/invoice-life.ts';
import { registerInvoices } from './routes/invoices.ts';
import { registerLive } from './routes/live.ts';
import { registerMeters } from './routes/meters.ts';
import { registerPipeline } from './routes/pipeline.ts';
import { registerPlanPreviews } from './routes/plan-previews.ts';
import { registerPlans } from './routes/plans.ts';
import { registerRebuild } from './routes/rebuild.ts';
import { registerReconciliationGrid } from './routes/reconciliation-grid.ts';
import { registerReconciliation } from './routes/reconciliation.ts';
import { registerRecords } from './routes/records.ts';
import { registerSessions, registerSignInLinks } from './routes/sessions.ts';
import { registerSettings } from './routes/settings.ts';
import { registerSource, type SourceReader } from './routes/source.ts';
import { registerStoredInvoices } from './routes/stored-invoices.ts';
import { registerSuspectedDoubles } from './routes/suspected-doubles.ts';
import { registerTop } from './routes/top.ts';
import { registerUnassignedCustomers } from './routes/unassigned-customers.ts';
import { registerUsage } from './routes/usage.ts';
import { type LinkMeans, registerUsers } from './routes/users.ts';

/** `await server.register(apiRoutes(platform, sourceReader, about, means))`, before the server is ready. */
export function apiRoutes(
  platform: Platform,
  sourceReader: SourceReader,
  about: About,
  means: LinkMeans = {},
): (server: HttpServer) => Promise<void> {
  return async (server) => {
    registerUsage(server, platform);
    registerTop(server, platform);
    registerRecords(server, platform);
    registerSource(server, platform, sourceReader);
    registerCustomers(server, platform);
    registerUnassignedCustomers(server, platform);
    registerMeters(server, platform);
    registerPlans(server, platform);
    registerPlanPreviews(server, platform);
    registerSettings(server, platform);
    registerInvoices(server, platform);
    registerStoredInvoices(server, platform);
    registerInvoiceExports(server, platform);
    registerInvoiceLife(server, platform);
    registerInvoiceLinks(server, platform, means);
    registerCreditNotes(server, platform);
    registerBillingRuns(server, platform);
    registerEffect(server, platform);
    registerImportCustomers(server, platform);
    registerSuspectedDoubles(server, platform);
    registerPipeline(server, platform);
    registerAbout(server, about);
    registerConflicts(server, platform);
    registerDeadLetters(server, platform);
    registerRebuild(server, platform);
    registerReconciliation(server, platform);
    registerReconciliationGrid(server, platform);
    registerLive(server, platform);
    registerApiKeys(server, platform);
    registerAudit(server, platform);
    registerUsers(server, platform, means);
    registerSessions(server, platform);
    registerSignInLinks(server, platform, means);
  };
}
