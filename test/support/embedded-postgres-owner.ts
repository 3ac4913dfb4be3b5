/** A process that starts the embedded server, says so, and waits to be killed: what a crash leaves behind. */
import pino from 'pino';
import { startEmbeddedPostgres } from '../../platform/postgres/embedded-server.ts';

const [, , dataDirectory = '', systemDirectory = ''] = process.argv;
const server = await startEmbeddedPostgres({ dataDirectory, systemDirectory, logger: pino({ level: 'silent' }) });
process.stdout.write(`${JSON.stringify(server.connection)}\n`);
setInterval(() => undefined, 60_000);
