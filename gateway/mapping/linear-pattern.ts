import { RE2JS } from 're2js';

/** A regular expression in RE2's language: matching takes time linear in the text, whatever the pattern. */
export interface LinearPattern {
  readonly source: string;
  test(text: string): boolean;
  /** The first match: what group 1 caught, or all of it without groups; undefined for none. */
  first(text: string): { readonly value: string; readonly start: number; readonly end: number } | undefined;
}

const compiled = new Map<string, LinearPattern>();

/** Compiles (once) a pattern, ignoring case. @throws Error when it is not in RE2's language. */
export function linearPattern(source: string): LinearPattern {
  const known = compiled.get(source);
  if (known) return known;
  const re = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
  const needed = neededLetters(source).toLowerCase();
  const mayMatch = (text: string): boolean => needed === '' || text.toLowerCase().includes(needed);
  const made: LinearPattern = {
    source,
    test: (text) => mayMatch(text) && re.matcher(text).find(),
    first: (text) => {
      if (!mayMatch(text)) return undefined;
      const matcher = re.matcher(text);
      if (!matcher.find()) return undefined;
      const group = matcher.groupCount() > 0 && matcher.group(1) !== null ? 1 : 0;
      return { value: matcher.group(group) ?? '', start: matcher.start(group), end: matcher.end(group) };
    },
  };
  compiled.set(source, made);
  return made;
}

/**
 * The longest run of plain letters and digits that every match of the pattern contains, or '' where none is sure.
 * A text without it need not be searched at all, which is most lines of most documents.
 */
export function neededLetters(source: string): string {
  const runs: string[] = [''];
  let depth = 0;
  for (let i = 0; i < source.length; i++) {
    const char = source[i] ?? '';
    const last = runs.length - 1;
    if (char === '|' && depth === 0) return '';
    if (char === '\\') {
      // Of `\p{..}` and `\x{..}` the braces go on; nothing in them is text.
      if (source[i + 2] === '{') i = Math.max(i, source.indexOf('}', i));
      else i += 1;
    } else if (char === '[') i = classEnd(source, i);
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    else if (depth === 0 && /[A-Za-z0-9]/.test(char)) {
      // A quantifier of zero or more takes the letter before it back.
      if (!/[?*{]/.test(source[i + 1] ?? '')) {
        runs[last] += char;
        continue;
      }
    } else if (char === '{') i = Math.max(i, source.indexOf('}', i));
    runs.push('');
  }
  return runs.reduce((a, b) => (b.length > a.length ? b : a));
}

/** Index of the bracket that closes a character class; `]` right after its start is a member. */
function classEnd(source: string, start: number): number {
  let at = start + (source[start + 1] === '^' ? 2 : 1);
  if (source[at] === ']') at += 1;
  for (; at < source.length && source[at] !== ']'; at++) {
    if (source[at] === '\\') at += 1;
    else if (source.startsWith('[:', at)) at = Math.max(at, source.indexOf(':]', at) + 1);
  }
  return at;
}
