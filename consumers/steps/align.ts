/** Two sorted streams side by side: equal keys come as one pair, a key of one side alone comes without the other. */
export interface Pair<T> {
  left?: T;
  right?: T;
}

/** Both streams must come in the order of `compare`, each key once. Holds one item of each. */
export async function* align<T>(left: AsyncIterable<T>, right: AsyncIterable<T>, compare: (a: T, b: T) => number): AsyncGenerator<Pair<T>> {
  const [lefts, rights] = [left[Symbol.asyncIterator](), right[Symbol.asyncIterator]()];
  try {
    let [l, r] = await Promise.all([lefts.next(), rights.next()]);
    while (l.done !== true || r.done !== true) {
      const order = l.done === true ? 1 : r.done === true ? -1 : compare(l.value, r.value);
      yield { ...(order <= 0 ? { left: l.value as T } : {}), ...(order >= 0 ? { right: r.value as T } : {}) };
      [l, r] = await Promise.all([order <= 0 ? lefts.next() : l, order >= 0 ? rights.next() : r]);
    }
  } finally {
    await Promise.all([lefts.return?.(), rights.return?.()]);
  }
}
