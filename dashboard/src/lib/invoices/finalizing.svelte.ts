/** Drafts made final one after the other, with what came of each. One that was begun is finished; the rest can be kept from it. */
import { call, type ApiError } from '../api.ts';
import { outcome } from '../outcome.ts';
import type { Invoice, InvoiceSummary } from '../types.ts';
import { inOrder } from './finalize.ts';

export type Draft = Pick<InvoiceSummary, 'id' | 'month' | 'customer' | 'customerName' | 'currency' | 'total'>;

export type Result =
  { state: 'waiting' | 'running' | 'kept' } | { state: 'final'; number: string; total: string } | { state: 'refused'; error: ApiError };

export interface Outcome {
  draft: Draft;
  result: Result;
}

export class Finalizing {
  outcomes = $state.raw<Outcome[]>([]);
  isRunning = $state(false);
  #isStopping = false;

  readonly refused = $derived(this.outcomes.filter(({ result }) => result.state === 'refused').map(({ draft }) => draft));
  readonly finals = $derived(this.outcomes.filter(({ result }) => result.state === 'final').length);

  /** One at a time: the numbers then follow the order of the list. Resolves when the last is answered. */
  async run(drafts: readonly Draft[]): Promise<void> {
    this.isRunning = true;
    this.#isStopping = false;
    this.outcomes = inOrder(drafts).map((draft) => ({ draft, result: { state: 'waiting' } }));
    for (const { draft } of this.outcomes) {
      if (this.#isStopping) {
        this.#set(draft, { state: 'kept' });
        continue;
      }
      this.#set(draft, { state: 'running' });
      const answer = await outcome(call<Invoice>(`/v1/invoices/${draft.id}/finalize`, { method: 'POST', json: {} }));
      this.#set(
        draft,
        answer.ok
          ? { state: 'final', number: answer.value.number ?? '', total: answer.value.total }
          : { state: 'refused', error: answer.error },
      );
      // Without a server or a session the others would only meet the same.
      if (!answer.ok && (answer.error.status === 0 || answer.error.status === 401)) this.#isStopping = true;
    }
    this.isRunning = false;
  }

  stop(): void {
    this.#isStopping = true;
  }

  #set(draft: Draft, result: Result): void {
    this.outcomes = this.outcomes.map((one) => (one.draft.id === draft.id ? { draft: one.draft, result } : one));
  }
}
