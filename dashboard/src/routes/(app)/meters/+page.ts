import { call } from '#lib/api.ts';
import { outcome } from '#lib/outcome.ts';
import type { List, Meter, MeterExtents, MeterUse, Settings, Usage } from '#lib/types.ts';
import { isoOf, nextStart, startOf } from '#lib/zone.ts';
import type { PageLoad } from './$types.js';

const PAGE_ROWS = 500;

/** This month, in the zone of whoever bills. */
async function usageOfMonth(): Promise<Usage> {
  const { defaults } = await call<Settings>('/v1/settings');
  const now = Date.now();
  const query = {
    from: isoOf(startOf(now, 'month', defaults.timeZone)),
    to: isoOf(nextStart(now, 'month', defaults.timeZone)),
    grain: 'month',
    timeZone: defaults.timeZone,
  };
  return call<Usage>('/v1/usage', { query });
}

export const load: PageLoad = ({ url, depends }) => {
  depends('tallyline:meters');
  const cursor = url.searchParams.get('cursor');
  const open = url.searchParams.get('open') || null;
  return {
    open,
    meters: outcome(call<List<Meter>>('/v1/meters', { query: { limit: PAGE_ROWS, cursor } })),
    opened: open === null ? null : outcome(call<Meter>(`/v1/meters/${encodeURIComponent(open)}`)),
    use: open === null ? null : outcome(call<MeterUse>(`/v1/meters/${encodeURIComponent(open)}/use`)),
    extents: outcome(call<MeterExtents>('/v1/usage/meters')),
    usage: outcome(usageOfMonth()),
  };
};
