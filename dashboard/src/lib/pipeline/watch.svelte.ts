/** The pipeline and its stores, asked for again and again while the page stands. */
import { call } from '../api.ts';
import { poll, type Poll } from '../poll.svelte.ts';
import type { Pipeline, PipelineStores } from '../types.ts';
import { keepSince, loadStores } from './stores.ts';

const PIPELINE_POLL_MS = 2_000;
/** Each question is put to every store. */
const STORES_POLL_MS = 5_000;

interface PipelineWatch {
  pipeline: Poll<Pipeline>;
  stores: Poll<PipelineStores['stores']>;
}

/** To be called while a component is set up. */
export function watchPipeline(): PipelineWatch {
  let known: PipelineStores['stores'] = [];
  return {
    pipeline: poll(() => call<Pipeline>('/v1/pipeline'), PIPELINE_POLL_MS),
    stores: poll(async () => (known = keepSince(known, await loadStores())), STORES_POLL_MS),
  };
}
