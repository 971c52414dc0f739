import type { ReadDocument } from './document.ts';
import { keyOf, type Token } from '../printed/tokens.ts';

/** One value is searched in runs of at most this many words. */
const WORDS_MAX = 16;
/** A tax number without its country must have this many characters, so that it is not confused with another number. */
const BARE_NUMBER_LENGTH_MIN = 8;

/** The form in which texts are compared: without case, accents, blanks and punctuation. */
export function comparedAs(text: string): string {
  return text.split(/\s+/).map(keyOf).join('');
}

/** The forms in which a tax number may be printed: with its country, and without it if the number is long enough. */
export function taxNumberKeys(number: string): string[] {
  const bare = number.replace(/^[A-Z]{2}/, '');
  return [number, ...(bare.length >= BARE_NUMBER_LENGTH_MIN ? [bare] : [])].map(comparedAs);
}

/** Finds a run of words on one line that is exactly one of the texts (in the form of `comparedAs`). */
export function printedPlace(document: ReadDocument, keys: readonly string[]): readonly Token[] | undefined {
  const wanted = keys.filter((key) => key !== '');
  if (wanted.length === 0) return undefined;
  for (const { tokens } of document.lines)
    for (let from = 0; from < tokens.length; from += 1) {
      const to = endOfMatch(tokens, from, wanted);
      if (to !== undefined) return tokens.slice(from, to);
    }
  return undefined;
}

function endOfMatch(tokens: readonly Token[], from: number, wanted: readonly string[]): number | undefined {
  let said = '';
  let best: number | undefined;
  for (let at = from; at < Math.min(tokens.length, from + WORDS_MAX); at += 1) {
    said += tokens[at]?.key ?? '';
    if (said === '' || !wanted.some((key) => key.startsWith(said))) break;
    if (wanted.includes(said)) best = at + 1;
  }
  return best;
}
