/** A future step, which happens unless it is cancelled. */
export interface Due {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | null;
  /** True when the step runs no code of a process. Then the world need not wait until the code has run to its end. */
  readonly quiet: boolean;
}

/** The future steps of a world as a binary heap. They are ordered by time, and at equal times by insertion. */
export interface Agenda {
  add(atMs: number, run: () => void, options?: { readonly quiet: boolean }): Due;
  /** Takes the next entry that was not cancelled; null when there is none. */
  take(): (Due & { readonly run: () => void }) | null;
}

export function agenda(): Agenda {
  const heap: Due[] = [];
  let order = 0;
  const before = (a: Due, b: Due): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

  const rise = (from: number): void => {
    const entry = heap[from]!;
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!before(entry, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = entry;
  };
  const sink = (entry: Due): void => {
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && before(heap[below + 1]!, heap[below]!)) below += 1;
      if (!before(heap[below]!, entry)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = entry;
  };
  return {
    add: (atMs, run, { quiet } = { quiet: false }) => {
      order += 1;
      const entry: Due = { atMs, order, run, quiet };
      heap.push(entry);
      rise(heap.length - 1);
      return entry;
    },
    take: () => {
      for (;;) {
        const first = heap[0];
        if (first === undefined) return null;
        const last = heap.pop()!;
        if (heap.length > 0) sink(last);
        if (first.run !== null) return first as Due & { readonly run: () => void };
      }
    },
  };
}
