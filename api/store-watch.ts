/** Since when each store answers, or does not. Looked at every ten seconds, whether or not anybody asks. */
import { instantText } from '../core/window.ts';
import type { Platform } from '../platform/platform.ts';
import { createStoreChecks, type StoreCheck } from '../platform/store-check.ts';
import type { PipelineStores } from '../schemas/http/operations.ts';

type StoreState = PipelineStores['stores'][number];

/** A store that says at length what ails it has said enough by then. */
const MESSAGE_MAX = 500;

export class StoreWatch {
  readonly #platform: Platform;
  readonly #checks: readonly StoreCheck[];
  readonly #since = new Map<string, { ok: boolean; since: string }>();

  constructor(platform: Platform) {
    this.#platform = platform;
    const { postgres, clickhouse, log, files } = createStoreChecks(platform);
    this.#checks = [postgres, clickhouse, log, files];
  }

  /** Never rejects: a store that does not answer is what this is about. */
  async look(): Promise<StoreState[]> {
    const asked = await Promise.all(this.#checks.map(async (check) => ({ name: check.name, fault: await check.fault() })));
    const now = instantText(this.#platform.clock.now().getTime());
    return Promise.all(
      asked.map(async ({ name, fault }) => {
        const ok = fault === undefined;
        const before = this.#since.get(name);
        const since = before?.ok === ok ? before.since : now;
        this.#since.set(name, { ok, since });
        return {
          name,
          ok,
          since,
          message: fault === undefined ? null : fault.message.slice(0, MESSAGE_MAX),
          freeBytes: await this.#roomOf(name, ok),
        };
      }),
    );
  }

  async #roomOf(name: string, ok: boolean): Promise<number | null> {
    if (!ok) return null;
    try {
      if (name === 'file store') return (await this.#platform.files.freeBytes()) ?? null;
      if (name !== 'clickhouse') return null;
      const [disk] = await this.#platform.clickhouse.query<{ room: string }>({
        name: 'room_left',
        sql: 'SELECT min(unreserved_space) AS room FROM system.disks',
      });
      return disk === undefined ? null : Number(disk.room);
    } catch {
      // It went away a moment ago: the next look says so.
      return null;
    }
  }
}
