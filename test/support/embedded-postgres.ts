/** A look into the Postgres of a running Tallyline, past its own code. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

export async function countRecords(dataDirectory: string): Promise<{ rows: string; quantity: string }> {
  const { rows } = await queryEmbedded<{ rows: string; quantity: string }>(
    dataDirectory,
    `SELECT count(*) AS rows, coalesce(trim_scale(sum(quantity)), 0)::text AS quantity FROM usage_records`,
  );
  return rows[0] as { rows: string; quantity: string };
}

/** Where the cluster of the data directory listens, and who its superuser is. */
export async function embeddedConnection(
  dataDirectory: string,
): Promise<{ host: string; port: number; user: string; password: string; database: string }> {
  const cluster = await clusterOf(dataDirectory);
  const { user, password } = JSON.parse(await readFile(join(cluster, 'tallyline-credentials.json'), 'utf8')) as {
    user: string;
    password: string;
  };
  // The fourth line of postmaster.pid is the port (PostgreSQL documentation, 67.1).
  const port = Number((await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')[3]);
  return { host: '127.0.0.1', port, user, password, database: 'tallyline' };
}

/** A connection of its own to it. */
export async function connectEmbedded(dataDirectory: string): Promise<pg.Client> {
  const client = new pg.Client(await embeddedConnection(dataDirectory));
  await client.connect();
  return client;
}

async function queryEmbedded<Row extends pg.QueryResultRow>(dataDirectory: string, sql: string): Promise<pg.QueryResult<Row>> {
  const client = await connectEmbedded(dataDirectory);
  try {
    return await client.query<Row>(sql);
  } finally {
    await client.end();
  }
}

async function clusterOf(dataDirectory: string): Promise<string> {
  try {
    return (JSON.parse(await readFile(join(dataDirectory, 'postgres-location.json'), 'utf8')) as { location: string }).location;
  } catch {
    return join(dataDirectory, 'postgres');
  }
}

/** One query on a connection of its own. */
export async function queryDatabase<Row extends pg.QueryResultRow>(connectionString: string, sql: string): Promise<pg.QueryResult<Row>> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await client.query<Row>(sql);
  } finally {
    await client.end();
  }
}
