/** A drag on the strip: of one handle, of both, or over bars that were not chosen. */
import { between, isWhole, moved, type Grip, type Selection } from './brush.ts';

export class BrushDrag {
  /** What is dragged to, before it is asked for. */
  held = $state.raw<Selection | null>(null);
  #drag: { grip: Grip | null; at: number; from: Selection } | null = null;
  readonly #count: () => number;
  readonly #commit: (selection: Selection) => void;

  constructor(count: () => number, commit: (selection: Selection) => void) {
    this.#count = count;
    this.#commit = commit;
  }

  /** Without a handle: within what is chosen both ends move, elsewhere a new choice begins. */
  grab(at: number, from: Selection, handle: Grip | null): void {
    const inside = at >= from.first && at <= from.last && !isWhole(from, this.#count());
    this.#drag = { grip: handle ?? (inside ? 'both' : null), at, from };
  }

  follow(at: number): void {
    if (this.#drag === null) return;
    const { grip, at: start, from } = this.#drag;
    if (grip !== null) this.held = moved(from, grip, at - start, this.#count());
    else if (at !== start || this.held !== null) this.held = between(start, at, this.#count());
  }

  release(): void {
    this.#drag = null;
    if (this.held !== null) this.#commit(this.held);
  }

  choose(selection: Selection): void {
    this.held = selection;
    this.#commit(selection);
  }

  cancel(): void {
    this.#drag = null;
    this.held = null;
  }

  /** The figures of what was chosen are there. */
  settle(): void {
    if (this.#drag === null) this.held = null;
  }
}
