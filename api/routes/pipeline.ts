/** `/v1/pipeline`: where every consumer is and how fast, what was left lying, and whether the stores answer. */
import { STAFF } from '../../platform/access/roles.ts';
import { instantText } from '../../core/window.ts';
import { staffScopeOf } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Pipeline, PipelineStores } from '../../schemas/http/operations.ts';
import { countLeftLying } from '../queries/left-lying.ts';
import { findLatestRebuild } from '../queries/rebuilds.ts';
import { type PartitionWatermark, readWatermark, type Watermark } from '../queries/watermark.ts';
import { RATE_INTERVAL_MS, RateHistory } from '../rate-history.ts';
import { StoreWatch } from '../store-watch.ts';

const tags = ['operations'];

export function registerPipeline(server: HttpServer, platform: Platform): void {
  const history = new RateHistory();
  const stores = new StoreWatch(platform);
  watch(server, platform, async () => {
    await stores.look();
    const watermark = await readWatermark(platform);
    history.add({ atMs: platform.clock.now().getTime(), epoch: watermark.epoch, ...positionsOf(watermark) });
  });

  server.get('/v1/pipeline', {
    config: { access: STAFF },
    schema: {
      operationId: 'getPipeline',
      summary: 'Offsets, lag, watermark and rates; dead letters, open conflicts, imports under way, the latest rebuild',
      tags,
      response: { 200: Pipeline },
    },
    handler: async (request) => {
      const { partitions, asOf } = await readWatermark(platform);
      const [left, rebuild] = await Promise.all([
        countLeftLying(platform.postgres, staffScopeOf(callerOf(request))),
        findLatestRebuild(platform.postgres),
      ]);
      return {
        partitions: partitions.map(({ partition, endOffset, records, rollups, asOfMs }) => ({
          partition,
          endOffset,
          records,
          rollups,
          lag: { records: Math.max(0, endOffset - records), rollups: Math.max(0, endOffset - rollups) },
          watermark: instantText(asOfMs),
        })),
        movedAt: { records: latest(partitions, 'recordsAtMs'), rollups: latest(partitions, 'rollupsAtMs') },
        rates: history.rates(),
        ...left,
        rebuild: rebuild ?? null,
        asOf,
      };
    },
  });

  server.get('/v1/pipeline/stores', {
    config: { access: STAFF },
    schema: {
      operationId: 'getPipelineStores',
      summary: 'Each store: whether it answers, since when, what it said, and the room left',
      tags,
      response: { 200: PipelineStores },
    },
    handler: async () => ({ stores: await stores.look() }),
  });
}

/** Looks again and again while the server is up. What cannot be read leaves a gap. */
function watch(server: HttpServer, { logger }: Platform, look: () => Promise<void>): void {
  let looking: Promise<void> | undefined;
  const lookOnce = () => {
    looking ??= look()
      .catch((error: unknown) => logger.debug({ err: error }, 'the pipeline could not be looked at'))
      .finally(() => {
        looking = undefined;
      });
  };
  let timer: NodeJS.Timeout | undefined;
  server.addHook('onReady', async () => {
    lookOnce();
    timer = setInterval(lookOnce, RATE_INTERVAL_MS);
  });
  server.addHook('onClose', async () => {
    clearInterval(timer);
    await looking;
  });
}

function positionsOf({ partitions }: Watermark): { published: number; records: number; rollups: number } {
  const sum = (name: 'endOffset' | 'records' | 'rollups') => partitions.reduce((total, partition) => total + partition[name], 0);
  return { published: sum('endOffset'), records: sum('records'), rollups: sum('rollups') };
}

function latest(partitions: readonly PartitionWatermark[], name: 'recordsAtMs' | 'rollupsAtMs'): string | null {
  const times = partitions.flatMap((partition) => partition[name] ?? []);
  return times.length === 0 ? null : instantText(Math.max(...times));
}
