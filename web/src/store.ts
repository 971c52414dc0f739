import { useEffect, useRef, useState } from 'preact/hooks';

/** A value that is replaced to change it, and its watchers. */
export interface Store<State> {
  get(): State;
  set(next: State): void;
  update(change: (state: State) => State): void;
  /** Returns the function that stops watching. */
  watch(listener: (state: State) => void): () => void;
}

export function createStore<State>(initial: State): Store<State> {
  let state = initial;
  const listeners = new Set<(state: State) => void>();
  const set = (next: State) => {
    if (Object.is(next, state)) return;
    state = next;
    for (const listener of [...listeners]) listener(state);
  };
  return {
    get: () => state,
    set,
    update: (change) => set(change(state)),
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Draws a component again when the selected part of a store changes. */
export function useStore<State, Part>(store: Store<State>, select: (state: State) => Part): Part {
  const part = select(store.get());
  const [, redraw] = useState(0);
  const shown = useRef({ part, select });
  shown.current = { part, select };
  useEffect(() => {
    const check = () => {
      const { part: before, select: now } = shown.current;
      if (!Object.is(now(store.get()), before)) redraw((count) => count + 1);
    };
    check();
    return store.watch(check);
  }, [store]);
  return part;
}
