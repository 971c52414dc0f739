import type { PageText } from '../pdf/words.ts';
import { keyOf } from '../printed/tokens.ts';

/** Words that number the copies of a document. Portuguese programs print two to four copies. */
const COPY_WORDS: ReadonlySet<string> = new Set(
  ['original', 'originale', 'duplicado', 'triplicado', 'quadruplicado', 'duplicate', 'triplicate', 'duplikat', 'duplicata', 'duplicato', 'copia', 'copie', 'kopie', 'copy', 'via', '1a', '2a', '3a', '4a', '1o', '2o', '3o', '4o'],
); // prettier-ignore
const COPIES_MAX = 4;

/**
 * Returns the pages of one copy if a file prints the same document several times. The copies have the same words on
 * every page, except for the words that number the copies. Only the first copy may lack such words.
 */
export function withoutCopies(pages: readonly PageText[]): readonly PageText[] {
  if (pages.length < 2) return pages;
  for (let copies = COPIES_MAX; copies > 1; copies -= 1) {
    const length = pages.length / copies;
    if (!Number.isInteger(length) || length === 0) continue;
    const first = pages.slice(0, length);
    const others = Array.from({ length: copies - 1 }, (_, i) =>
      pages.slice((i + 1) * length, (i + 2) * length),
    );
    const same = others.every(
      (copy) =>
        copy.every((page, i) => areAsLong(page, first[i])) &&
        copy.some(namesItsCopy) &&
        copy.every((page, i) => plain(page) === plain(first[i])),
    );
    if (same) return first;
  }
  return pages;
}

/** The most words of a page that number the copy. Pages that differ in more words are not copies. */
const COPY_WORDS_MAX = 20;

function areAsLong(page: PageText, other: PageText | undefined): boolean {
  const words = (of: PageText | undefined): number =>
    (of?.lines ?? []).reduce((sum, line) => sum + line.words.length, 0);
  return Math.abs(words(page) - words(other)) <= COPY_WORDS_MAX;
}

function keysOf(page: PageText | undefined): string[] {
  return (page?.lines ?? []).flatMap((line) => line.words.map((word) => keyOf(word.text)));
}

function namesItsCopy(page: PageText): boolean {
  return keysOf(page).some((key) => COPY_WORDS.has(key));
}

/** The words of a page, without its page number and the words that number copies. */
function plain(page: PageText | undefined): string {
  return keysOf(page)
    .filter((key) => !COPY_WORDS.has(key))
    .join(' ')
    .replace(/\b(?:pag|pagina|page|seite|p)\s?\d+(?:\s?(?:de|of|von|di|sur)?\s?\d+)?/g, 'page');
}
