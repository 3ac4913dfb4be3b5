/** How many customers wait to be set up, for the navigation. */
import { call } from '../api.ts';
import { outcome } from '../outcome.ts';
import type { UnassignedCustomers } from '../types.ts';
import { countText } from './count-text.ts';

class Unassigned {
  /** "3", "1,000+"; empty where there are none, or it is not known. */
  text = $state('');
  #round = 0;

  async refresh(): Promise<void> {
    const round = ++this.#round;
    const result = await outcome(call<UnassignedCustomers>('/v1/unassigned-customers'));
    // An earlier call's answer may come later; one that failed changes nothing.
    if (round === this.#round && result.ok) this.text = countText(result.value);
  }
}

export const unassigned = new Unassigned();
