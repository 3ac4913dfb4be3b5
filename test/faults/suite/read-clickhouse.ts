/** A process of its own that asks an embedded ClickHouse which nobody has open: `read-clickhouse.ts <directory> <sql>`; prints JSON. */
import { pino } from 'pino';
import { openChdb } from '../../../platform/clickhouse/chdb.ts';

const [directory = '', sql = ''] = process.argv.slice(2);
const clickhouse = await openChdb({ directory, logger: pino({ level: 'silent' }) });
process.stdout.write(JSON.stringify(await clickhouse.query({ name: 'faults', sql })));
await clickhouse.close();
