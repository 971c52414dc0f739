/**
 * Returns the words that a match of a pattern must contain. Each entry lists words, of which every match contains at
 * least one. Words are runs of plain letters, digits and the euro sign, in lower case. A text without them needs no
 * search, and most lines of a document are such texts. The result is empty when no word is certain.
 */
export function neededWords(source: string): string[][] {
  // Quoted parts, octal numbers and flags that change the meaning are rare. In patterns with them, no word is
  // certain.
  if (/\\[Q0-7]|\(\?[a-zA-Z-]*[)]/.test(source)) return [];
  return alternation(source, 0).needs;
}

/** False when a text lacks words that every match contains. The call takes little time. */
export function holdsNeeded(needs: readonly (readonly string[])[], text: string): boolean {
  if (needs.length === 0) return true;
  const folded = foldedText(text);
  for (let i = 0; i < needs.length; i += 1) if (!holdsOne(needs[i] ?? [], folded)) return false;
  return true;
}

function holdsOne(words: readonly string[], folded: string): boolean {
  for (let i = 0; i < words.length; i += 1) if (folded.includes(words[i] ?? '')) return true;
  return false;
}

/**
 * The folded form of each text. It is kept, because many patterns are tried on the same lines. `foldedText` empties a
 * full map.
 */
const foldedTexts = new Map<string, string>();
const TEXTS_KEPT_MAX = 400;

function foldedText(text: string): string {
  const known = foldedTexts.get(text);
  if (known !== undefined) return known;
  const folded = text.toLowerCase().replaceAll('\u017F', 's');
  if (foldedTexts.size >= TEXTS_KEPT_MAX) foldedTexts.clear();
  foldedTexts.set(text, folded);
  return folded;
}

interface Parsed {
  readonly needs: string[][];
  /** The index after the last character that was read. */
  readonly end: number;
}

function alternation(source: string, start: number): Parsed {
  const branches: string[][][] = [];
  let at = start;
  do {
    const branch = sequence(source, source[at] === '|' && branches.length > 0 ? at + 1 : at);
    branches.push(branch.needs);
    at = branch.end;
  } while (source[at] === '|');
  if (branches.length === 1) return { needs: branches[0] ?? [], end: at };
  const strongest = branches.map((needs) =>
    needs.reduce<string[]>((a, b) => (strength(b) > strength(a) ? b : a), []),
  );
  return { needs: strongest.every((words) => words.length > 0) ? [strongest.flat()] : [], end: at };
}

function strength(words: readonly string[]): number {
  return words.length === 0 ? 0 : Math.min(...words.map((word) => word.length));
}

function sequence(source: string, start: number): Parsed {
  const needs: string[][] = [];
  let run = '';
  const close = (): void => {
    if (run !== '') needs.push([run]);
    run = '';
  };
  let at = start;
  while (at < source.length && source[at] !== '|' && source[at] !== ')') {
    const char = source[at] ?? '';
    const group = char === '(' ? alternation(source, afterGroupMark(source, at)) : undefined;
    const end = group ? group.end + 1 : atomEnd(source, at);
    const quantifier = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/.exec(source.slice(end))?.[0] ?? '';
    const mayBeMissing = /^(?:[*?]|\{0)/.test(quantifier);
    if (group || !/[A-Za-z0-9€]/.test(char) || mayBeMissing) close();
    else run += char.toLowerCase();
    if (group && !mayBeMissing) needs.push(...group.needs);
    if (quantifier !== '') close();
    at = end + quantifier.length;
  }
  close();
  return { needs, end: at };
}

/** Returns the index of the contents of a group, after `(?:`, `(?P<name>` or `(`. */
function afterGroupMark(source: string, at: number): number {
  return at + 1 + (/^\?(?:P?<\w+>|[a-zA-Z-]*:)/.exec(source.slice(at + 1))?.[0].length ?? 0);
}

function atomEnd(source: string, at: number): number {
  if (source[at] === '[') return classEnd(source, at) + 1;
  if (source[at] !== '\\') return at + 1;
  const named = /^\\[pPx]\{[^}]*\}|^\\x[0-9a-fA-F]{2}|^\\[pP]./.exec(source.slice(at));
  return at + (named?.[0].length ?? 2);
}

/** Returns the index of the bracket that closes a character class. A `]` right after the start belongs to the class. */
function classEnd(source: string, start: number): number {
  let at = start + (source[start + 1] === '^' ? 2 : 1);
  if (source[at] === ']') at += 1;
  for (; at < source.length && source[at] !== ']'; at += 1)
    if (source[at] === '\\') at += 1;
    else if (source.startsWith('[:', at)) at = Math.max(at, source.indexOf(':]', at) + 1);
  return at;
}
