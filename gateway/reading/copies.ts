import type { PageText } from '../pdf/words.ts';
import { keyOf } from '../printed/tokens.ts';

/** Words that number the copies of one document (Portuguese programs print two to four). */
const COPY_WORDS: ReadonlySet<string> = new Set(
  ['original', 'originale', 'duplicado', 'triplicado', 'quadruplicado', 'duplicate', 'triplicate', 'duplikat', 'duplicata', 'duplicato', 'copia', 'copie', 'kopie', 'copy', 'via', '1a', '2a', '3a', '4a', '1o', '2o', '3o', '4o'],
); // prettier-ignore
const COPIES_MAX = 4;

/**
 * The pages of one copy, where a file prints the same document several times: page for page the same words but for
 * those that number the copies, which stand on every copy but perhaps the first.
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

/** Words that number a copy are few; pages of different length are no copies of one another. */
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

/** The words of a page without those that differ from copy to copy; the number of the page is one of them. */
function plain(page: PageText | undefined): string {
  return keysOf(page)
    .filter((key) => !COPY_WORDS.has(key))
    .join(' ')
    .replace(/\b(?:pag|pagina|page|seite|p)\s?\d+(?:\s?(?:de|of|von|di|sur)?\s?\d+)?/g, 'page');
}
