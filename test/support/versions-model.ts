/**
 * What reports, undos and decisions must come to for one event, worked out by the plainest means: a few lists, one step at a time.
 */
export interface Report {
  importId: string;
  line: number;
  quantity: string;
}

interface Placed extends Report {
  /** Order in the log. An accepted event that came up later stands where it came up. */
  place: number;
}

interface Disputed extends Placed {
  status: 'open' | 'resolved' | 'reopened';
  /** A person said so about this very one, not about another with its content. */
  isDecided: boolean;
}

export class VersionsModel {
  accepted: Placed | undefined;
  witnesses: Placed[] = [];
  conflicts: Disputed[] = [];
  #delivered = new Set<string>();
  #undone = new Set<string>();
  #place = 0;

  deliver(report: Report): void {
    const placed = { ...report, place: (this.#place += 1) };
    const delivery = `${report.importId}:${report.line}`;
    if (this.#undone.has(report.importId) || this.#delivered.has(delivery)) return;
    this.#delivered.add(delivery);
    if (!this.accepted) this.accepted = placed;
    else if (this.accepted.quantity === report.quantity) this.witnesses.push(placed);
    else this.conflicts.push({ ...placed, status: 'open', isDecided: false });
  }

  /** Those that a person may decide about in this way. */
  decidable(keep: 'first' | 'this'): Report[] {
    return this.conflicts.filter(
      ({ status, isDecided }) => !isDecided && (keep === 'this' || (status !== 'resolved' && this.accepted !== undefined)),
    );
  }

  keepFirst(report: Report): void {
    const decided = this.#conflictOf(report);
    decided.isDecided = true;
    for (const other of this.conflicts) if (other.quantity === decided.quantity) other.status = 'resolved';
  }

  keepThis(report: Report): void {
    const kept = this.#conflictOf(report);
    const agreeing = this.conflicts.filter(({ quantity }) => quantity === kept.quantity);
    this.conflicts = this.conflicts.filter(({ quantity }) => quantity !== kept.quantity);
    if (this.accepted?.quantity === kept.quantity) {
      this.witnesses.push(...agreeing);
      return;
    }
    for (const displaced of [this.accepted, ...this.witnesses])
      if (displaced) this.conflicts.push({ ...displaced, status: 'resolved', isDecided: false });
    this.witnesses = agreeing.filter((other) => other !== kept);
    this.accepted = { ...kept, place: (this.#place += 1) };
  }

  undo(importId: string): void {
    this.#undone.add(importId);
    this.#place += 1;
    const stands = (report: Report) => report.importId !== importId;
    this.witnesses = this.witnesses.filter(stands).toSorted((a, b) => a.place - b.place);
    this.conflicts = this.conflicts.filter(stands);
    if (this.accepted && !stands(this.accepted)) {
      const heir = this.witnesses.shift();
      this.accepted = heir && { ...heir, place: this.accepted.place };
    }
    if (this.accepted) return;
    const open = this.conflicts.filter(({ status }) => status === 'open').toSorted((a, b) => a.place - b.place);
    const [first] = open;
    if (first && open.every(({ quantity }) => quantity === first.quantity)) {
      this.conflicts = this.conflicts.filter(({ status }) => status !== 'open');
      this.witnesses = open.slice(1);
      this.accepted = { ...first, place: this.#place };
    } else if (!first) {
      for (const other of this.conflicts) [other.status, other.isDecided] = ['reopened', false];
    }
  }

  #conflictOf({ importId, line }: Report): Disputed {
    const found = this.conflicts.find((other) => other.importId === importId && other.line === line);
    if (!found) throw new Error(`line ${line} of import ${importId} is not in conflict`);
    return found;
  }
}
