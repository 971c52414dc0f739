import { useLayoutEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';

/**
 * Keeps the focus in a list whose rows change. When the focused control disappears, the first control of its row gets
 * the focus. If the row has disappeared as well, the row that is now in its place gets the focus. In an empty list,
 * `fallback` gets the focus (WCAG 2.2, 2.4.3). Rows have `data-row` with their key.
 */
export function useKeptFocus(list: RefObject<HTMLElement | null>, fallback: string): void {
  const last = useRef<{ key: string; index: number } | null>(null);

  useLayoutEffect(() => {
    const stop = new AbortController();
    const onFocusIn = ({ target }: FocusEvent) => {
      const row = target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null;
      const inside = row !== null && list.current?.contains(row) === true;
      last.current = inside
        ? { key: row.dataset['row'] ?? '', index: rowsIn(list.current).indexOf(row) }
        : null;
    };
    const onFocusOut = ({ target }: FocusEvent) => {
      // A control that is being removed is disconnected a moment later. A control that only lost the focus is still
      // connected.
      const left = target as Node;
      queueMicrotask(() => {
        if (left.isConnected && document.activeElement === document.body) last.current = null;
      });
    };
    document.addEventListener('focusin', onFocusIn, { signal: stop.signal });
    document.addEventListener('focusout', onFocusOut, { signal: stop.signal });
    return () => stop.abort();
  }, [list]);

  useLayoutEffect(() => {
    if (last.current === null || document.activeElement !== document.body) return;
    const { key, index } = last.current;
    const rows = rowsIn(list.current);
    const row = rows.find((each) => each.dataset['row'] === key) ?? rows[index] ?? rows.at(-1);
    const first = row?.querySelector<HTMLElement>('a[data-first], a[href], button:not(:disabled)');
    (first ?? document.querySelector<HTMLElement>(fallback))?.focus({ preventScroll: true });
  });
}

function rowsIn(list: HTMLElement | null): HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
}
