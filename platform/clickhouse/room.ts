/**
 * On a full disk ClickHouse makes tables whose definition is an empty file (tried with 26.7): it goes on with them in memory, and does
 * not start again. So nothing is defined without room.
 */
import { StoreUnavailableError } from '../store-unavailable.ts';
import type { ClickHouse } from './clickhouse.ts';

/** What a definition and its first parts take, many times over. */
const ROOM_BYTES_MIN = 64_000_000;

/** Throws `StoreUnavailableError`: some space has to be freed first. */
export async function requireRoom(clickhouse: ClickHouse): Promise<void> {
  const [disk] = await clickhouse.query<{ room: string }>({ name: 'room', sql: 'SELECT min(free_space) AS room FROM system.disks' });
  if (Number(disk?.room) >= ROOM_BYTES_MIN) return;
  throw new StoreUnavailableError(
    'clickhouse',
    `only ${disk?.room} bytes of its disk are left, ${ROOM_BYTES_MIN} are needed: free some space`,
  );
}
