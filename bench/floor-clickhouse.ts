/**
 * Plain insert into ClickHouse, the floor of the hourly store: the file into a MergeTree table, by the engine's own reader.
 * `node clickhouse.ts FILE DIRECTORY` prints `{ rows, total, seconds, cpuSeconds }`.
 */
import { Session } from 'chdb';

const [file = '', directory = ''] = process.argv.slice(2);
const session = new Session(directory);
session.query('CREATE DATABASE beside');
session.query(
  `CREATE TABLE beside.usage (id String, customer_id String, timestamp DateTime64(6, 'UTC'), event_name String, quantity Decimal(38, 18), region String)
   ENGINE = MergeTree ORDER BY (customer_id, timestamp)`,
);

const beganAt = performance.now();
const cpuBefore = process.cpuUsage();
session.query(
  `INSERT INTO beside.usage SELECT * FROM file('${file.replaceAll("'", "''")}', 'CSVWithNames') SETTINGS date_time_input_format = 'best_effort'`,
);
const seconds = (performance.now() - beganAt) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);

const [rows, total] = session.query('SELECT count(), toString(sum(quantity)) FROM beside.usage', 'TSV').trim().split('\t');
session.close();
console.log(JSON.stringify({ rows: Number(rows), total, seconds, cpuSeconds: (user + system) / 1e6 }));
