/** The settings: one row from the first change on, and before that the same as if nobody cared. */
import { toInstant } from '../../core/instant-text.ts';
import type { Rounding } from '../../core/money.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Numbering, Seller, Settings, SettingsInput } from '../../schemas/http/settings.ts';

/** The year in front keeps a number short, and tells a finance department at sight which books it belongs to. */
const NUMBERING: Numbering = { invoice: 'INV-{year}-{number:5}', creditNote: 'CN-{year}-{number:5}' };

interface SettingsRow {
  seller: Seller;
  numbering: Numbering;
  planId: string | null;
  currency: string;
  timeZone: string;
  rounding: Rounding;
  updatedAt: string;
  [column: string]: unknown;
}

const SETTINGS = `seller, numbering, plan_id AS "planId", currency, time_zone AS "timeZone", rounding, updated_at AS "updatedAt"`;

/** What every part that is left out goes back to. */
export function withDefaults({ seller, numbering, defaults, billing }: SettingsInput): Omit<Settings, 'updatedAt'> {
  return {
    seller: seller ?? {},
    numbering: { ...NUMBERING, ...numbering },
    defaults: { plan: defaults?.plan ?? null, currency: defaults?.currency ?? 'USD', timeZone: defaults?.timeZone ?? 'UTC' },
    billing: { rounding: billing?.rounding ?? 'half-away' },
  };
}

/** With a lock, they stay what they are until the transaction ends. */
export async function readSettings(postgres: Queryable, lock: '' | 'FOR SHARE' | 'FOR UPDATE' = ''): Promise<Settings> {
  const { rows } = await postgres.query<SettingsRow>(`SELECT ${SETTINGS} FROM settings ${lock}`);
  return rows[0] === undefined ? { ...withDefaults({}), updatedAt: null } : toSettings(rows[0]);
}

export async function putSettings(postgres: Queryable, input: Omit<Settings, 'updatedAt'>, now: Date): Promise<Settings> {
  const { seller, numbering, defaults, billing } = input;
  const { rows } = await postgres.query<SettingsRow>(
    `INSERT INTO settings (id, seller, numbering, plan_id, currency, time_zone, rounding, updated_at) VALUES (1, $1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (id) DO UPDATE SET seller = excluded.seller, numbering = excluded.numbering, plan_id = excluded.plan_id,
       currency = excluded.currency, time_zone = excluded.time_zone, rounding = excluded.rounding, updated_at = excluded.updated_at
     RETURNING ${SETTINGS}`,
    [
      JSON.stringify(seller),
      JSON.stringify(numbering),
      defaults.plan,
      defaults.currency,
      defaults.timeZone,
      billing.rounding,
      now.toISOString(),
    ],
  );
  if (rows[0] === undefined) throw new Error('the statement returned no row');
  return toSettings(rows[0]);
}

function toSettings({ seller, numbering, planId, currency, timeZone, rounding, updatedAt }: SettingsRow): Settings {
  return { seller, numbering, defaults: { plan: planId, currency, timeZone }, billing: { rounding }, updatedAt: toInstant(updatedAt) };
}
