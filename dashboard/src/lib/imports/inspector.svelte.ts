/** A file on its way in: looked at, its mapping worked on, tried out if somebody wants to know, then sent whole. */
import { tick } from 'svelte';
import { call, upload, type ApiError } from '../api.ts';
import { outcome, type Outcome } from '../outcome.ts';
import type { DryRun, Import, Inspection, List, Mapping, Profile, Suggestion } from '../types.ts';
import { currentZoneName } from '../zones.ts';
import type { Reading } from './dialect.ts';
import { draftOf, draftOfMapping, missingOf, toMapping, type MappingDraft } from './mapping.ts';
import { asksForZone } from './problems.ts';
import { askedControls, focusControl } from './questions.ts';
import type { ReadBefore } from './queue.svelte.ts';
import { sampleOf } from './sample.ts';
import { cardsOf, likeBefore, remembered, withChange, type SuggestionCard } from './suggestions.ts';

const ROWS_SHOWN = 20;
/** Somebody who types should not be asked about every letter. */
const PAUSE_MS = 250;
const OWN_ZONE = currentZoneName(Intl.DateTimeFormat().resolvedOptions().timeZone);

export interface Sent {
  bytes: number;
  total: number;
}

export class Inspector {
  readonly file: File;
  inspection = $state.raw<Inspection>();
  draft = $state<MappingDraft>();
  /** The columns as they were matched by their names, before anything was chosen. */
  matched = $state.raw<Inspection['columns']>([]);
  reading = $state.raw<Reading>({});
  /** Whether all there is to say about the text is shown, or only what is out of the ordinary. */
  isReadingOpen = $state(false);
  error = $state.raw<ApiError>();
  pending = $state(true);
  /** Bytes sent so far, once the import has begun. */
  sent = $state.raw<Sent | null>(null);
  /** The same of a dry run. */
  trying = $state.raw<Sent | null>(null);
  /** What the import would come to, as the form stands now. */
  trial = $state.raw<DryRun>();
  /** Saved mappings; `profile` is the one in the form, unchanged. */
  profiles = $state.raw<Profile[]>([]);
  profile = $state.raw('');
  /** There are times that carry no zone, and none has been chosen. */
  zoneOpen = $derived(this.draft?.timeZone === '' && this.inspection?.problems.some(asksForZone) === true);
  missing = $derived(this.draft === undefined ? [] : missingOf(this.draft));
  asked = $derived(askedControls({ error: this.error, missing: this.missing, problems: this.inspection?.problems ?? [] }));
  cards = $derived.by((): SuggestionCard[] => {
    const { draft, inspection, profiles, profile, zoneOpen: isZoneOpen } = this;
    if (draft === undefined || inspection === undefined) return [];
    const suggestions = remembered(this.#first, inspection);
    const alike = this.#isAsBefore ? undefined : likeBefore(this.#before, inspection.header);
    return [...(alike ?? []), ...cardsOf({ suggestions, profiles, profile, draft, isZoneOpen, ownZone: OWN_ZONE })];
  });
  ready = $derived(
    this.inspection?.ready === true && this.missing.length === 0 && !this.pending && this.sent === null && this.trying === null,
  );
  readonly #before: ReadBefore | undefined;
  #first = $state.raw<Suggestion[]>([]);
  #isAsBefore = $state.raw(false);
  #sample: Promise<Blob>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round = 0;
  #stopped = new AbortController();
  #trial = new AbortController();

  /** `before`: how the file before it was read. */
  constructor(file: File, before?: ReadBefore) {
    this.file = file;
    this.#before = before;
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

  apply({ use }: SuggestionCard): void {
    if ('profile' in use) {
      this.use(use.profile);
      return;
    }
    if ('before' in use) {
      this.reading = use.before.reading;
      this.draft = draftOfMapping(use.before.mapping);
      this.#isAsBefore = true;
      this.changed();
      return;
    }
    const changed = this.draft === undefined ? undefined : withChange($state.snapshot(this.draft), use.change);
    if (changed === undefined) return;
    this.draft = changed;
    this.changed();
  }

  /** To be called after `draft` has changed. */
  changed(): void {
    this.profile = '';
    this.dropTrial();
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
    this.profile = '';
    this.dropTrial();
    clearTimeout(this.#timer);
    void this.#inspect(null);
  }

  /** Leads to the control that answers a question, wherever it is folded away. */
  async goTo(control: string): Promise<void> {
    if (control.startsWith('dialect/')) this.isReadingOpen = true;
    await tick();
    focusControl(control);
  }

  get mapping(): Mapping | null {
    return this.draft === undefined ? null : toMapping($state.snapshot(this.draft));
  }

  /** How it is read, once it has been looked at. */
  get readAs(): ReadBefore | undefined {
    const { mapping, inspection, reading, file } = this;
    return mapping === null || inspection === undefined ? undefined : { name: file.name, header: inspection.header, reading, mapping };
  }

  async import(): Promise<Import | undefined> {
    this.sent = { bytes: 0, total: this.file.size };
    const result = await this.#send<Import>({}, this.#stopped.signal, (sent) => (this.sent = sent));
    if (result?.ok) return result.value;
    this.sent = null;
    this.error = result?.error;
    return undefined;
  }

  /** Sends the file to be read whole, with nothing kept of it. */
  async tryOut(): Promise<void> {
    this.dropTrial();
    const trial = this.#trial;
    this.trying = { bytes: 0, total: this.file.size };
    const signal = AbortSignal.any([trial.signal, this.#stopped.signal]);
    const result = await this.#send<DryRun>({ dryRun: true }, signal, (sent) => (this.trying = sent));
    if (trial.signal.aborted) return;
    this.trying = null;
    this.error = result?.ok === false ? result.error : undefined;
    this.trial = result?.ok ? result.value : undefined;
  }

  /** It was about another mapping, or nobody waits for it any more. */
  dropTrial(): void {
    this.#trial.abort();
    this.#trial = new AbortController();
    this.trying = null;
    this.trial = undefined;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#stopped.abort();
  }

  async #send<T>(extra: { dryRun?: true }, signal: AbortSignal, onSent: (sent: Sent) => void): Promise<Outcome<T> | undefined> {
    const { mapping, file } = this;
    if (mapping === null) return undefined;
    this.error = undefined;
    const query = { name: file.name, ...this.reading, ...extra, mapping: JSON.stringify(mapping) };
    return outcome(upload<T>('/v1/imports', { query, file, onProgress: (bytes, total) => onSent({ bytes, total }), signal }));
  }

  async #inspect(mapping: Mapping | null): Promise<void> {
    const round = ++this.#round;
    this.pending = true;
    const query = { limit: ROWS_SHOWN, ...this.reading, mapping: mapping === null ? undefined : JSON.stringify(mapping) };
    const result = await outcome(this.#sample.then((body) => call<Inspection>('/v1/imports/inspect', { method: 'POST', query, body })));
    if (round !== this.#round) return;
    this.pending = false;
    this.error = result.ok ? undefined : result.error;
    if (!result.ok) {
      // What was found under another reading says nothing about this one.
      if (mapping === null) this.inspection = undefined;
      return;
    }
    this.inspection = result.value;
    if (mapping !== null) return;
    this.draft = draftOf(result.value);
    this.matched = result.value.columns;
    this.#first = result.value.suggestions;
  }
}
