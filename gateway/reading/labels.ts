import { currencyOf } from '../values/numbers.ts';
import { keyOf } from '../printed/tokens.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';

/** A label as a mapping lists it for one field or region. */
export interface LabelUse {
  readonly owner: string;
  /** The certainty that the label means the field, from 0 to 1. */
  readonly weight: number;
}

/** A label found on a line. */
export interface LabelHit {
  readonly key: string;
  readonly uses: readonly LabelUse[];
  readonly line: TokenLine;
  /** Index of the label's first token on the line. */
  readonly from: number;
  readonly to: number;
  readonly x0: number;
  readonly x1: number;
  readonly text: string;
}

/** Every label of a mapping, by key. The longest match wins, so that `total a pagar` is never read as `total`. */
export interface LabelIndex {
  readonly byKey: ReadonlyMap<string, readonly LabelUse[]>;
  readonly prefixes: ReadonlySet<string>;
}

export function labelIndex(labels: Iterable<{ owner: string; text: string; weight: number }>): LabelIndex {
  const byKey = new Map<string, LabelUse[]>();
  const prefixes = new Set<string>();
  for (const { owner, text, weight } of labels) {
    const words = text.split(/\s+/);
    const key = words
      .filter((word, i) => i === 0 || currencyOf(word) === undefined)
      .map(keyOf)
      .join('');
    if (key === '') continue;
    const uses = byKey.get(key) ?? [];
    uses.push({ owner, weight });
    byKey.set(key, uses);
    for (let end = 1; end <= key.length; end += 1) prefixes.add(key.slice(0, end));
  }
  return { byKey, prefixes };
}

/** The words of one label are at most this many font sizes apart. */
const LABEL_GAP_MAX = 1.6;

/** Finds all labels on a line, from left to right. The labels do not overlap. */
export function labelHits(line: TokenLine, index: LabelIndex): LabelHit[] {
  const hits: LabelHit[] = [];
  for (let from = 0; from < line.tokens.length;) {
    const hit = longestFrom(line, from, index) ?? inTwoLanguages(line, from, index);
    if (hit) hits.push(hit);
    from = hit ? hit.to : from + 1;
  }
  return hits;
}

/** Two words with a slash between them and no blank. */
const WITH_SLASH = /^(\p{L}[\p{L}.º°]*)\/(\p{L}[\p{L}.º°]*)(:?)$/u;
const WORDS_AFTER_SLASH_MAX = 3;

/**
 * Finds a label that is printed in two languages with a slash between them: `Vencimento/Due date:`. Both must mean the
 * same field, or a colon ends the second.
 */
function inTwoLanguages(line: TokenLine, from: number, index: LabelIndex): LabelHit | undefined {
  const first = line.tokens[from] as Token;
  const [, one, other = '', colon] = (first.text.includes('/') && WITH_SLASH.exec(first.text)) || [];
  const uses = one === undefined ? undefined : index.byKey.get(keyOf(one));
  if (one === undefined || !uses) return undefined;
  let key = keyOf(other);
  let meant = index.byKey.get(key);
  let to = from + 1;
  for (let at = to; at < from + WORDS_AFTER_SLASH_MAX && colon === ''; at += 1) {
    const token = line.tokens[at];
    if (!token || token.gap > LABEL_GAP_MAX) break;
    key += token.key;
    if (index.byKey.has(key) || token.text.endsWith(':')) {
      meant = index.byKey.get(key) ?? meant;
      to = at + 1;
      if (token.text.endsWith(':')) break;
    }
  }
  const last = line.tokens[to - 1] as Token;
  const shared = uses.filter(({ owner }) => meant?.some((use) => use.owner === owner));
  if (shared.length === 0 && !last.text.endsWith(':')) return undefined;
  const text = line.tokens
    .slice(from, to)
    .map((token) => token.text)
    .join(' ');
  return {
    key: keyOf(one),
    uses: shared.length === 0 ? uses : shared,
    line,
    from,
    to,
    x0: first.x0,
    x1: last.x1,
    text,
  };
}

function longestFrom(line: TokenLine, from: number, index: LabelIndex): LabelHit | undefined {
  let key = '';
  let best: LabelHit | undefined;
  for (let at = from; at < line.tokens.length && at < from + 8; at += 1) {
    const token = line.tokens[at] as Token;
    if (at > from && token.gap > LABEL_GAP_MAX) break;
    // A currency inside a label is skipped: `Total € incl. VAT`, `Total EUR`.
    if (at > from && currencyOf(token.text) !== undefined) continue;
    key += token.key;
    if (key !== '' && !index.prefixes.has(key)) break;
    const uses = index.byKey.get(key);
    if (!uses || token.key === '') continue;
    const tokens = line.tokens.slice(from, at + 1);
    const first = tokens[0] as Token;
    best = {
      key,
      uses,
      line,
      from,
      to: at + 1,
      x0: first.x0,
      x1: token.x1,
      text: tokens.map((t) => t.text).join(' '),
    };
    // A colon ends the label, even if the next words would make a longer label. The words after the colon are the
    // value.
    if (token.text.endsWith(':')) break;
  }
  return best;
}
