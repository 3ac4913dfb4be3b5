/** Which drafts are chosen on the Invoices page, and what is being done about them. */
import { SvelteMap } from 'svelte/reactivity';
import { reader } from '../access/reader.ts';
import { call, type ApiError, type QueryValues } from '../api.ts';
import { outcome, type Outcome } from '../outcome.ts';
import type { InvoiceSummary, List, Reconciliation } from '../types.ts';
import { queryOf, type InvoiceFilter } from './filter.ts';
import { obstacleOf, type Obstacle } from './finalize.ts';
import { Finalizing } from './finalizing.svelte.ts';

const PAGE_ROWS = 1000;
/** So many are finalized in some minutes; more are a matter for a script. */
const CHOSEN_MAX = 5_000;

export class InvoiceDesk {
  readonly chosen = new SvelteMap<string, InvoiceSummary>();
  readonly finalizing = new Finalizing();
  /** Whether the consequences are being shown. */
  isAsking = $state(false);
  isGathering = $state(false);
  error = $state.raw<ApiError>();
  readonly #red: () => Reconciliation | undefined;

  constructor(red: () => Reconciliation | undefined) {
    this.#red = red;
  }

  obstacle(invoice: InvoiceSummary): Obstacle | null {
    return obstacleOf(invoice, this.#red(), Date.now());
  }

  /** Drafts whose month goes on cannot be chosen here; those of a customer that differs can, and stand in the way of the button. */
  canChoose(invoice: InvoiceSummary): boolean {
    return reader.mayChange && invoice.status === 'draft' && this.obstacle(invoice)?.kind !== 'not_over';
  }

  /** The chosen ones that the server would refuse now. */
  readonly differing = $derived.by(() => [...this.chosen.values()].filter((invoice) => this.obstacle(invoice)?.kind === 'differs'));

  toggle(invoice: InvoiceSummary): void {
    if (!this.chosen.delete(invoice.id)) this.chosen.set(invoice.id, invoice);
    this.isAsking &&= this.chosen.size > 0;
  }

  choose(invoices: readonly InvoiceSummary[]): void {
    for (const invoice of invoices) if (this.canChoose(invoice)) this.chosen.set(invoice.id, invoice);
  }

  leaveOut(invoices: readonly InvoiceSummary[]): void {
    for (const { id } of invoices) this.chosen.delete(id);
    this.isAsking &&= this.chosen.size > 0;
  }

  clear(): void {
    this.chosen.clear();
    this.isAsking = false;
  }

  /** All drafts of a list that goes on on other pages. */
  async chooseAll(filter: InvoiceFilter): Promise<void> {
    this.isGathering = true;
    let cursor: string | null = null;
    do {
      const query: QueryValues = { ...queryOf({ ...filter, status: 'draft' }), limit: PAGE_ROWS, cursor };
      const page: Outcome<List<InvoiceSummary>> = await outcome(call<List<InvoiceSummary>>('/v1/invoices', { query }));
      this.error = page.ok ? undefined : page.error;
      if (!page.ok) break;
      this.choose(page.value.items);
      cursor = page.value.nextCursor;
    } while (cursor !== null && this.chosen.size < CHOSEN_MAX);
    this.isGathering = false;
  }

  async finalize(onEnd: () => void): Promise<void> {
    const drafts = [...this.chosen.values()];
    this.clear();
    await this.finalizing.run(drafts);
    onEnd();
  }

  /** Those that were refused, once more. */
  async again(onEnd: () => void): Promise<void> {
    await this.finalizing.run(this.finalizing.refused);
    onEnd();
  }
}
