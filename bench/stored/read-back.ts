/** Whether both stores hold events 0 to `stored`, each once: as many rows and the same sum as their numbers say. */
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { countRecords } from '../../test/support/embedded-postgres.ts';
import { usageTotals } from '../../test/support/imports.ts';
import type { Tallyline } from '../../test/support/tallyline.ts';
import { quantityOf } from './events.ts';

/** Quantities have three fraction digits. */
const SCALE = 3;

export interface StoredSums {
  /** `quantity` without padding. */
  postgres: { rows: string; quantity: string };
  /** Of each meter. */
  clickhouse: readonly string[];
}

export async function readStored(tallyline: Tallyline): Promise<StoredSums> {
  return { postgres: await countRecords(tallyline.dataDirectory), clickhouse: Object.values(await usageTotals(tallyline)) };
}

export function requireStored({ postgres, clickhouse }: StoredSums, stored: number): void {
  let sum = 0n;
  for (let n = 0; n < stored; n += 1) sum += BigInt(quantityOf(n));
  const counted = formatDecimal(sum, SCALE);
  const told = formatDecimal(
    clickhouse.reduce((total, quantity) => total + toScaled(quantity, SCALE), 0n),
    SCALE,
  );
  if (Number(postgres.rows) === stored && postgres.quantity === counted && told === counted) return;
  throw new Error(
    `${stored} events sum up to ${counted}; Postgres has ${postgres.rows} of ${postgres.quantity} in all, ClickHouse ${told}`,
  );
}
