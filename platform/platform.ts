/** What the platform hands to ingest, consumers and api: the four ports and the means of the process. */
import type { Logger } from 'pino';
import type { ClickHouse } from './clickhouse/clickhouse.ts';
import type { Clock } from './clock.ts';
import type { EventLog } from './event-log/event-log.ts';
import type { FileStore } from './file-store/file-store.ts';
import type { Postgres } from './postgres/postgres.ts';

export interface Platform {
  readonly log: EventLog;
  readonly postgres: Postgres;
  readonly clickhouse: ClickHouse;
  readonly files: FileStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names this process among replicas, anew at each start. */
  readonly instance: string;
  /** No other process can be at work on these stores: what a predecessor held may be taken over at once. */
  readonly alone: boolean;
}
