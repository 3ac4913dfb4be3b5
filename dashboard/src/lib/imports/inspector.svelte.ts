/** A file on its way in: looked at, its mapping worked on, then sent whole. */
import { call, upload, type ApiError } from '../api.ts';
import { outcome } from '../outcome.ts';
import type { Import, Inspection, List, Mapping, Profile } from '../types.ts';
import { draftOf, draftOfMapping, missingOf, toMapping, type MappingDraft } from './mapping.ts';
import { asksForZone } from './problems.ts';
import { suggestedProfile } from './profiles.ts';
import { sampleOf } from './sample.ts';

const ROWS_SHOWN = 20;
/** Somebody who types should not be asked about every letter. */
const PAUSE_MS = 250;

/** How the text is read, where it is not left to the server to find out. */
export interface Reading {
  encoding?: string;
  delimiter?: string;
  quote?: string;
  escape?: string;
  newline?: string;
  header?: boolean;
}

export class Inspector {
  readonly file: File;
  inspection = $state.raw<Inspection>();
  draft = $state<MappingDraft>();
  /** The columns as they were matched by their names, before anything was chosen. */
  matched = $state.raw<Inspection['columns']>([]);
  reading = $state.raw<Reading>({});
  error = $state.raw<ApiError>();
  pending = $state(true);
  /** Bytes sent so far, once the import has begun. */
  sent = $state.raw<{ bytes: number; total: number } | null>(null);
  /** Saved mappings; `profile` is the one in the form, unchanged. */
  profiles = $state.raw<Profile[]>([]);
  profile = $state.raw('');
  suggested = $derived(this.inspection === undefined ? undefined : suggestedProfile(this.profiles, this.inspection.header));
  /** There are times that carry no zone, and none has been chosen. */
  zoneOpen = $derived(this.draft?.timeZone === '' && this.inspection?.problems.some(asksForZone) === true);
  missing = $derived(this.draft === undefined ? [] : missingOf(this.draft));
  ready = $derived(this.inspection?.ready === true && this.missing.length === 0 && !this.pending);
  #sample: Promise<Blob>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round = 0;
  #stopped = new AbortController();

  constructor(file: File) {
    this.file = file;
    this.#sample = sampleOf(file, file.name);
    void this.#inspect(null);
    void this.loadProfiles();
  }

  async loadProfiles(): Promise<void> {
    const result = await outcome(call<List<Profile>>('/v1/profiles'));
    if (result.ok) this.profiles = result.value.items;
  }

  use({ name, mapping }: Profile): void {
    this.draft = draftOfMapping(mapping);
    this.changed();
    this.profile = name;
  }

  /** To be called after `draft` has changed. */
  changed(): void {
    this.profile = '';
    const mapping = this.mapping;
    clearTimeout(this.#timer);
    if (mapping === null) return;
    this.pending = true;
    this.#timer = setTimeout(() => void this.#inspect(mapping), PAUSE_MS);
  }

  /** Reads the file in another way; the mapping is found anew, because the columns may be others. */
  read(reading: Reading): void {
    this.reading = { ...this.reading, ...reading };
    this.draft = undefined;
    void this.#inspect(null);
  }

  get mapping(): Mapping | null {
    return this.draft === undefined ? null : toMapping($state.snapshot(this.draft));
  }

  async import(): Promise<Import | undefined> {
    const { mapping } = this;
    if (mapping === null) return undefined;
    this.sent = { bytes: 0, total: this.file.size };
    this.error = undefined;
    const result = await outcome(
      upload<Import>('/v1/imports', {
        query: { name: this.file.name, ...this.reading, mapping: JSON.stringify(mapping) },
        file: this.file,
        onProgress: (bytes, total) => (this.sent = { bytes, total }),
        signal: this.#stopped.signal,
      }),
    );
    if (result.ok) return result.value;
    this.sent = null;
    this.error = result.error;
    return undefined;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#stopped.abort();
  }

  async #inspect(mapping: Mapping | null): Promise<void> {
    const round = ++this.#round;
    this.pending = true;
    const query = { limit: ROWS_SHOWN, ...this.reading, mapping: mapping === null ? undefined : JSON.stringify(mapping) };
    const result = await outcome(this.#sample.then((body) => call<Inspection>('/v1/imports/inspect', { method: 'POST', query, body })));
    if (round !== this.#round) return;
    this.pending = false;
    this.error = result.ok ? undefined : result.error;
    if (!result.ok) return;
    this.inspection = result.value;
    if (mapping !== null) return;
    this.draft = draftOf(result.value);
    this.matched = result.value.columns;
  }
}

/** The file that was dropped or chosen, on its way to the page that looks at it. */
export const incoming: { file: File | null } = { file: null };
