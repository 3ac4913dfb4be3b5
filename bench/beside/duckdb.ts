/**
 * What a data engineer would pick: the file into a DuckDB table with a primary key, then its hours by customer.
 * `node duckdb.ts FILE DATABASE` prints `{ rows, total, seconds, cpuSeconds, hoursSeconds }`.
 */
import { DuckDBInstance } from '@duckdb/node-api';

const [file = '', database = ''] = process.argv.slice(2);
const instance = await DuckDBInstance.create(database);
const connection = await instance.connect();
await connection.run(
  'CREATE TABLE usage (id VARCHAR PRIMARY KEY, customer_id VARCHAR, "timestamp" TIMESTAMP, event_name VARCHAR, quantity DECIMAL(38, 18), region VARCHAR)',
);

const beganAt = performance.now();
const cpuBefore = process.cpuUsage();
await connection.run('INSERT INTO usage SELECT * FROM read_csv(?, header = true, all_varchar = true) ON CONFLICT DO NOTHING', [file]);
await connection.run('CHECKPOINT');
const seconds = (performance.now() - beganAt) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);

const hoursAt = performance.now();
await connection.runAndReadAll(
  `SELECT customer_id, date_trunc('hour', "timestamp") AS hour, sum(quantity) AS total FROM usage GROUP BY ALL ORDER BY ALL`,
);
const hoursSeconds = (performance.now() - hoursAt) / 1000;

const found = await connection.runAndReadAll('SELECT count(*)::VARCHAR AS row_count, sum(quantity)::VARCHAR AS total FROM usage');
const [[rows, total] = []] = found.getRows();
connection.closeSync();
instance.closeSync();
console.log(JSON.stringify({ rows: Number(rows), total, seconds, cpuSeconds: (user + system) / 1e6, hoursSeconds }));
