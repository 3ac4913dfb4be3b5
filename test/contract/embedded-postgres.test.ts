import { openTestPostgres } from '../support/postgres.ts';
import { postgresContract } from './postgres.contract.ts';

postgresContract('embedded server', async () => {
  const server = await openTestPostgres();
  const { postgres } = await server.createDatabase('Verträge "2024"', { migrated: false });
  return { postgres, close: () => server.close() };
});
