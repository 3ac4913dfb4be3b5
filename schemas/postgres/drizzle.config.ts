/** For drizzle-kit only (`npm run migrations:generate`): which tables become which SQL. The program itself never reads it. */
import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './schemas/postgres/tables.ts',
  out: './schemas/postgres/migrations',
});
