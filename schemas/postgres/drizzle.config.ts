/** For drizzle-kit only (`npm run migrations:generate`): which tables become which SQL. The program itself never reads it. */
import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: [
    'tables',
    'plan-tables',
    'log-tables',
    'conflict-tables',
    'undo-tables',
    'embedded-log-tables',
    'operations-tables',
    'invoice-tables',
    'access-tables',
  ].map((file) => `./schemas/postgres/${file}.ts`),
  out: './schemas/postgres/migrations',
});
