import type { Token } from '../printed/tokens.ts';
import { keyOf } from '../printed/tokens.ts';

/** True when a cell of the line begins with one of the labels, and only an amount or a colon follows. */
export function startsWithAny(tokens: readonly Token[], wanted: readonly ReadonlySet<string>[]): boolean {
  return tokens.some((token, start) => {
    // Text in brackets is an explanation and no label: `(Net: 12.00)`.
    if ((start > 0 && token.gap <= 0.9) || token.text.startsWith('(')) return false;
    let key = '';
    for (let i = start; i < Math.min(tokens.length, start + 7); i += 1) {
      key += tokens[i]?.key ?? '';
      const next = tokens[i + 1];
      if (
        wanted.some((keys) => keys.has(key)) &&
        (!next || tokens[i]?.text.endsWith(':') || next.gap > 0.9 || /^[-+(€]?\d|^\(|^€|^EUR/.test(next.text))
      )
        return true;
    }
    return false;
  });
}

const keysOfLabels = new WeakMap<readonly string[], ReadonlySet<string>>();

/**
 * The keys of a list of labels, computed once for each list. Use the same list object as long as the mapping is in
 * use.
 */
export function labelKeys(labels: readonly string[]): ReadonlySet<string> {
  let keys = keysOfLabels.get(labels);
  if (!keys) {
    keys = new Set(labels.map((label) => label.split(/\s+/).map(keyOf).join('')));
    keysOfLabels.set(labels, keys);
  }
  return keys;
}
