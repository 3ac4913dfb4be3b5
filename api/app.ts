/** The api role: everything people and scripts read, and what they set up. A Fastify plugin for the shared server. */
import type { HttpServer } from '../platform/http/server.ts';
import type { Platform } from '../platform/platform.ts';
import { registerConflicts } from './routes/conflicts.ts';
import { registerCustomers, registerMeters } from './routes/customers.ts';
import { registerDeadLetters } from './routes/dead-letters.ts';
import { registerInvoices } from './routes/invoices.ts';
import { registerLive } from './routes/live.ts';
import { registerPipeline } from './routes/pipeline.ts';
import { registerPlans } from './routes/plans.ts';
import { registerRebuild } from './routes/rebuild.ts';
import { registerReconciliation } from './routes/reconciliation.ts';
import { registerRecords } from './routes/records.ts';
import { registerSource, type SourceReader } from './routes/source.ts';
import { registerUsage } from './routes/usage.ts';

/** `await server.register(apiRoutes(platform, sourceReader))`, before the server is ready. */
export function apiRoutes(platform: Platform, sourceReader: SourceReader): (server: HttpServer) => Promise<void> {
  return async (server) => {
    registerUsage(server, platform);
    registerRecords(server, platform);
    registerSource(server, platform, sourceReader);
    registerCustomers(server, platform);
    registerMeters(server, platform);
    registerPlans(server, platform);
    registerInvoices(server, platform);
    registerPipeline(server, platform);
    registerConflicts(server, platform);
    registerDeadLetters(server, platform);
    registerRebuild(server, platform);
    registerReconciliation(server, platform);
    registerLive(server, platform);
  };
}
