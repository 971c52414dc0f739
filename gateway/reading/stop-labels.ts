import type { Token } from '../printed/tokens.ts';
import { CELL_GAP_RATIO, keyOf } from '../printed/tokens.ts';

/** The most words of a line that are compared with one label. */
const LABEL_WORDS_MAX = 7;

/** What may follow a label in its cell: an amount, a bracket or a currency. */
const AFTER_LABEL = /^[-+(€]?\d|^\(|^€|^EUR/;

/** Labels to compare with, by key. */
export interface LabelKeys {
  readonly keys: ReadonlySet<string>;
  /** The beginnings of all keys, so that most words are left after one look. */
  readonly prefixes: ReadonlySet<string>;
}

/** True when a cell of the line begins with one of the labels, and only an amount or a colon follows. */
export function startsWithAny(tokens: readonly Token[], wanted: readonly LabelKeys[]): boolean {
  for (let start = 0; start < tokens.length; start += 1) {
    const token = tokens[start] as Token;
    // Text in brackets is an explanation and no label: `(Net: 12.00)`.
    if ((start > 0 && token.gap <= CELL_GAP_RATIO) || token.text.startsWith('(')) continue;
    if (wanted.some((labels) => isLabelAt(tokens, start, labels))) return true;
  }
  return false;
}

function isLabelAt(tokens: readonly Token[], start: number, { keys, prefixes }: LabelKeys): boolean {
  let key = '';
  for (let i = start; i < Math.min(tokens.length, start + LABEL_WORDS_MAX); i += 1) {
    const token = tokens[i] as Token;
    key += token.key;
    if (!prefixes.has(key)) return false;
    const next = tokens[i + 1];
    if (
      keys.has(key) &&
      (!next || token.text.endsWith(':') || next.gap > CELL_GAP_RATIO || AFTER_LABEL.test(next.text))
    )
      return true;
  }
  return false;
}

const keysOfLabels = new WeakMap<readonly string[], LabelKeys>();

/**
 * The keys of a list of labels, computed once for each list. Use the same list object as long as the mapping is in
 * use.
 */
export function labelKeys(labels: readonly string[]): LabelKeys {
  const known = keysOfLabels.get(labels);
  if (known) return known;
  const keys = new Set(labels.map((label) => label.split(/\s+/).map(keyOf).join('')));
  // A line may begin with words that have no key.
  const prefixes = new Set(['']);
  for (const key of keys) for (let end = 1; end <= key.length; end += 1) prefixes.add(key.slice(0, end));
  const made = { keys, prefixes };
  keysOfLabels.set(labels, made);
  return made;
}
