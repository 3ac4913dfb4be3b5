/** `/v1/pipeline`: where every consumer is, and what was left lying. */
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Pipeline } from '../../schemas/http/operations.ts';
import { findLatestRebuild } from '../queries/rebuilds.ts';
import { readWatermark } from '../queries/watermark.ts';

export function registerPipeline(server: HttpServer, platform: Platform): void {
  server.get('/v1/pipeline', {
    schema: {
      operationId: 'getPipeline',
      summary: 'Offsets and lag per partition, dead letters, open conflicts',
      tags: ['operations'],
      response: { 200: Pipeline },
    },
    handler: async () => {
      const { partitions, asOf } = await readWatermark(platform);
      const { rows } = await platform.postgres.query<{ deadLetters: string; conflicts: string }>(
        `SELECT (SELECT count(*) FROM dead_letters)::text AS "deadLetters", (SELECT count(*) FROM conflicts WHERE status <> 'resolved' AND keep IS NULL)::text AS conflicts`,
      );
      return {
        partitions: partitions.map(({ partition, endOffset, records, rollups }) => ({
          partition,
          endOffset,
          records,
          rollups,
          lag: { records: Math.max(0, endOffset - records), rollups: Math.max(0, endOffset - rollups) },
        })),
        deadLetters: Number(rows[0]?.deadLetters ?? 0),
        conflicts: Number(rows[0]?.conflicts ?? 0),
        rebuild: (await findLatestRebuild(platform.postgres)) ?? null,
        asOf,
      };
    },
  });
}
