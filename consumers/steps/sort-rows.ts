/** COPY rows of a batch in the order of their key, which spares Postgres a third of the work on its indexes. */
import { LineBytes } from '../../platform/line-bytes.ts';

/** Of each key the row that was delivered first is new, or suspected to repeat one of an earlier batch; the others are repeats. In UTF-8. */
export interface SortedRows {
  newRows: Buffer;
  suspectRows: Buffer;
  suspects: number;
  repeatedRows: Buffer;
  repeats: number;
}

interface RowsOfCustomer {
  ids: string[];
  /** Places in the order of the log. */
  places: number[];
  /** Each id is greater than the one before: there is nothing to sort, and none comes twice. */
  ascending: boolean;
}

/** Takes the rows in the order of the log. */
export class RowSorter {
  readonly #byCustomer = new Map<string, RowsOfCustomer>();
  readonly #rows = new LineBytes();
  /** Where each row begins, and where the last one ends. */
  readonly #starts = [0];
  readonly #suspected = new Set<number>();

  get rows(): number {
    return this.#rows.lines;
  }

  add(customer: string, id: string, row: string, isSuspect: boolean): void {
    const place = this.#rows.lines;
    this.#rows.add(row);
    this.#starts.push(this.#rows.length);
    if (isSuspect) this.#suspected.add(place);
    const of = this.#byCustomer.get(customer);
    if (!of) {
      this.#byCustomer.set(customer, { ids: [id], places: [place], ascending: true });
      return;
    }
    of.ascending &&= id > (of.ids[of.ids.length - 1] as string);
    of.ids.push(id);
    of.places.push(place);
  }

  customers(): ReadonlySet<string> {
    return new Set(this.#byCustomer.keys());
  }

  sorted(): SortedRows {
    const firsts: number[] = [];
    const repeats: number[] = [];
    for (const customer of [...this.#byCustomer.keys()].sort()) {
      const of = this.#byCustomer.get(customer) as RowsOfCustomer;
      if (of.ascending) for (const place of of.places) firsts.push(place);
      else sortInto(of, firsts, repeats);
    }
    const suspected = this.#suspected;
    const suspects = suspected.size === 0 ? [] : firsts.filter((place) => suspected.has(place));
    return {
      newRows: this.#gather(suspects.length === 0 ? firsts : firsts.filter((place) => !suspected.has(place))),
      suspectRows: this.#gather(suspects),
      suspects: suspects.length,
      repeatedRows: this.#gather(repeats),
      repeats: repeats.length,
    };
  }

  #gather(places: readonly number[]): Buffer {
    const from = this.#rows.bytes();
    const size = places.reduce((sum, place) => sum + this.#end(place) - this.#start(place), 0);
    const to = Buffer.allocUnsafeSlow(size);
    let at = 0;
    for (const place of places) at += from.copy(to, at, this.#start(place), this.#end(place));
    return to;
  }

  #start(place: number): number {
    return this.#starts[place] as number;
  }

  #end(place: number): number {
    return this.#starts[place + 1] as number;
  }
}

function sortInto({ ids, places }: RowsOfCustomer, firsts: number[], repeats: number[]): void {
  // A sort keeps the order of equals: of equal ids the first is the one that was delivered first.
  const order = ids.map((_, at) => at).sort((a, b) => compare(ids[a] as string, ids[b] as string));
  let last: string | undefined;
  for (const at of order) {
    (ids[at] === last ? repeats : firsts).push(places[at] as number);
    last = ids[at];
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
