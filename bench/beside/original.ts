/**
 * The stack of the original design: fast-csv, and Sequelize's `bulkCreate` into Postgres, a row of the file a row of the table, known ids left alone.
 * `node original.ts FILE POSTGRES_URL` prints `{ rows, total, seconds, cpuSeconds }`, the processor time being this process's own.
 */
import { createReadStream } from 'node:fs';
import { parse } from 'fast-csv';
import { DataTypes, QueryTypes, Sequelize } from 'sequelize';

/** As many as the examples of Sequelize put into one statement. */
const BATCH_ROWS = 1_000;

const [file = '', url = ''] = process.argv.slice(2);
const sequelize = new Sequelize(url, { logging: false });
const Usage = sequelize.define(
  'original_usage',
  {
    id: { type: DataTypes.TEXT, primaryKey: true },
    customer_id: DataTypes.TEXT,
    timestamp: DataTypes.DATE(6),
    event_name: DataTypes.TEXT,
    quantity: DataTypes.DECIMAL,
    region: DataTypes.TEXT,
  },
  { timestamps: false, freezeTableName: true },
);
await Usage.sync({ force: true });

const beganAt = performance.now();
const cpuBefore = process.cpuUsage();
let batch: Record<string, string>[] = [];
for await (const row of createReadStream(file).pipe(parse({ headers: true }))) {
  batch.push(row as Record<string, string>);
  if (batch.length < BATCH_ROWS) continue;
  await Usage.bulkCreate(batch, { ignoreDuplicates: true });
  batch = [];
}
if (batch.length > 0) await Usage.bulkCreate(batch, { ignoreDuplicates: true });
const seconds = (performance.now() - beganAt) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);

const [found] = await sequelize.query<{ rows: string; total: string }>(
  'SELECT count(*) AS rows, sum(quantity)::text AS total FROM original_usage',
  { type: QueryTypes.SELECT },
);
await Usage.drop();
await sequelize.close();
console.log(JSON.stringify({ rows: Number(found?.rows), total: found?.total, seconds, cpuSeconds: (user + system) / 1e6 }));
