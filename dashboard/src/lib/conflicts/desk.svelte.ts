/** Conflicts on somebody's desk: a decision is sent, and followed until it is carried out. What is decided stays to be seen. */
import { SvelteMap } from 'svelte/reactivity';
import { call, type ApiError } from '../api.ts';
import { outcome } from '../outcome.ts';
import type { Conflict, Resolution } from '../types.ts';

/** A decision travels through the log; that takes about as long. */
const POLL_MS = 500;

export class ConflictDesk {
  items = $state.raw<readonly Conflict[]>([]);
  /** Refusals by id of the conflict. */
  readonly errors = new SvelteMap<string, ApiError>();
  readonly sending = new SvelteMap<string, Resolution['keep']>();
  #isStopped = false;

  constructor(items: readonly Conflict[]) {
    this.items = items;
    for (const { id, status } of items) if (status === 'resolving') this.#follow(id);
  }

  stop(): void {
    this.#isStopped = true;
  }

  async decide(id: string, keep: Resolution['keep']): Promise<void> {
    this.sending.set(id, keep);
    this.errors.delete(id);
    const result = await outcome(call<Conflict>(`/v1/conflicts/${id}/resolve`, { method: 'POST', json: { keep } }));
    this.sending.delete(id);
    this.#take(id, result);
  }

  #take(id: string, result: Awaited<ReturnType<typeof outcome<Conflict>>>): void {
    if (!result.ok) {
      this.errors.set(id, result.error);
      return;
    }
    const { value } = result;
    this.items = this.items.map((item) => (item.id === id ? value : item));
    if (value.status === 'resolving') this.#follow(id);
    else if (value.status === 'resolved') this.#lookAtSiblings(value);
  }

  #follow(id: string): void {
    setTimeout(() => {
      if (this.#isStopped) return;
      void outcome(call<Conflict>(`/v1/conflicts/${id}`)).then((result) => this.#take(id, result));
    }, POLL_MS);
  }

  /** A decision about one version of an event is one about the others too. */
  #lookAtSiblings({ id, customer, eventId }: Conflict): void {
    const siblings = this.items.filter((item) => item.id !== id && item.customer === customer && item.eventId === eventId);
    for (const sibling of siblings) {
      void outcome(call<Conflict>(`/v1/conflicts/${sibling.id}`)).then((result) => {
        if (result.ok) this.items = this.items.map((item) => (item.id === sibling.id ? result.value : item));
      });
    }
  }
}
