/** A plan on the desk: the draft, what it was when it was last saved, and what the server has said about it. */
import { call, type ApiError } from '../api.ts';
import { outcome } from '../outcome.ts';
import type { KeptPlan, Plan, PlanDefinition } from '../types.ts';
import { definitionOf, definitionPart, draftOf, idOf, type PlanDraft } from './draft.ts';

/** Words of the page's own addresses, which no new plan can have. */
const TAKEN = 'new';

export class PlanDesk {
  /** Undefined while the plan is new. */
  readonly stored: Plan | undefined;
  draft = $state<PlanDraft>(draftOf(undefined));
  /** Typed over what follows from the name. */
  #id = $state<string | undefined>();
  #saved = $state.raw('');
  version = $state(0);
  error = $state.raw<ApiError | undefined>();
  /** What is wrong with the id of a new plan. */
  idFault = $state('');
  saving = $state(false);

  constructor(plan: Plan | undefined, currency: string) {
    this.stored = plan;
    this.version = plan?.version ?? 0;
    this.draft = draftOf(plan === undefined ? undefined : definitionPart(plan), currency);
    this.#saved = JSON.stringify(definitionOf(this.draft));
  }

  get id(): string {
    return this.stored?.id ?? this.#id ?? idOf(this.draft.name);
  }

  set id(text: string) {
    this.#id = text;
  }

  get definition(): PlanDefinition {
    return definitionOf(this.draft);
  }

  get isChanged(): boolean {
    return JSON.stringify(this.definition) !== this.#saved;
  }

  /** Puts other terms on the desk, for instance those of an earlier version. Nothing is saved. */
  take(definition: PlanDefinition): void {
    this.draft = draftOf(definition);
    this.error = undefined;
  }

  revert(): void {
    this.take(JSON.parse(this.#saved) as PlanDefinition);
  }

  async save(): Promise<KeptPlan | undefined> {
    this.saving = true;
    const kept = await this.#save();
    this.saving = false;
    return kept;
  }

  async #save(): Promise<KeptPlan | undefined> {
    const path = `/v1/plans/${encodeURIComponent(this.id)}`;
    this.idFault = this.stored === undefined ? await idFaultOf(this.id, path) : '';
    if (this.idFault !== '') return undefined;
    const { definition } = this;
    const result = await outcome(call<KeptPlan>(path, { method: 'PUT', json: definition }));
    this.error = result.ok ? undefined : result.error;
    if (!result.ok) return undefined;
    this.#saved = JSON.stringify(definition);
    this.version = result.value.version;
    return result.value;
  }
}

/** A new plan must not become a version of one that has the same id. */
async function idFaultOf(id: string, path: string): Promise<string> {
  if (id.trim() === '') return 'Give it an id; the name has no letters to make one of.';
  if (id === TAKEN) return `"${TAKEN}" is taken by this page; choose another id.`;
  const found = await outcome(call<Plan>(path));
  return found.ok ? `There is a plan with this id, "${found.value.name}". Choose another id, or change that plan.` : '';
}
