import { RE2JS } from 're2js';
import { holdsNeeded, neededWords } from './needed-words.ts';

/**
 * A regular expression in RE2's language. For every pattern, the time of a match is linear in the length of the text.
 */
export interface LinearPattern {
  readonly source: string;
  /** False only for a text without a match. The call takes little time. */
  mayMatch(text: string): boolean;
  test(text: string): boolean;
  /**
   * Returns the first match, or undefined. It is the text of group 1, or the whole match if the pattern has no group.
   */
  first(text: string): { readonly value: string; readonly start: number; readonly end: number } | undefined;
}

const compiled = new Map<string, LinearPattern>();

/**
 * Compiles a pattern that ignores case, once.
 * @throws Error when the pattern is not in RE2's language
 */
export function linearPattern(source: string): LinearPattern {
  const known = compiled.get(source);
  if (known) return known;
  const re = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
  const plain = plainExpression(source);
  const needs = neededWords(source);
  const mayMatch = (text: string): boolean => holdsNeeded(needs, text);
  const made: LinearPattern = {
    source,
    mayMatch,
    test: (text) => {
      if (plain && !FOLDED_OTHERWISE.test(text)) return plain.test(text);
      return mayMatch(text) && re.matcher(text).find();
    },
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
 * Words, digits, word boundaries and optional blanks, without repetition and alternatives. Such a pattern means the
 * same in JavaScript. At each place of the text, JavaScript's engine needs at most a few steps for each letter of the
 * pattern.
 */
const PLAIN_WORDS = /^(?:\\b|\\d|\\\.|\\s\?|[A-Za-z0-9 À-ÖØ-Þà-öø-þ]|\[[A-Za-zÀ-ÖØ-Þà-öø-þ]+\])+$/;
const BLANK_OR_NOT = /\\s\?/g;
/** The most optional blanks of a pattern, because each can double the number of attempts. */
const BLANKS_OR_NOT_MAX = 3;

function plainExpression(source: string): RegExp | undefined {
  if (!PLAIN_WORDS.test(source) || (source.match(BLANK_OR_NOT)?.length ?? 0) > BLANKS_OR_NOT_MAX)
    return undefined;
  // RE2's `\s` matches only the blanks of ASCII. JavaScript's `\s` matches many more characters.
  return new RegExp(source.replace(BLANK_OR_NOT, '[\\t\\n\\f\\r ]?'), 'i');
}

/** The long s, the Kelvin sign and the Ångström sign. RE2 regards them as `s`, `k` and `å`; JavaScript does not. */
const FOLDED_OTHERWISE = /[\u017F\u212A\u212B]/;
