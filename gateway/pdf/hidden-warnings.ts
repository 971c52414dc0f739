import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import { Refusal } from '../protocol/refusal.ts';
import type { PdfText } from './read-pdf.ts';
import type { HiddenCounts } from './visibility.ts';

/** Returns one warning for each kind of text that is in the file but not visible on the page. */
export function hiddenWarnings(hidden: HiddenCounts): GatewayWarning[] {
  const kinds: [keyof HiddenCounts, string, string][] = [
    ['invisible', 'TEXT_INVISIBLE', 'pieces of text are in the file but not shown'],
    ['outside', 'TEXT_OUTSIDE_PAGE', 'pieces of text lie outside the visible page'],
    ['covered', 'TEXT_COVERED', 'pieces of text are painted over'],
    ['sameColor', 'TEXT_SAME_COLOUR', 'pieces of text have the colour of what is under them'],
    ['illegalCharacters', 'CHARACTERS_DROPPED', 'characters cannot be written in XML'],
  ];
  const leftOut = kinds
    .filter(([kind]) => hidden[kind] > 0)
    .map(([kind, code, what]) => ({ code, message: `${hidden[kind]} ${what}; they were left out.` }));
  const { undefinedCharacters: guesses } = hidden;
  return guesses === 0
    ? leftOut
    : [...leftOut, { code: 'CHARACTERS_UNDEFINED', message: guessedSentence(guesses) }];
}

function guessedSentence(count: number): string {
  return `The fonts do not identify ${count} of the characters. They were guessed, or left out on a page that has hardly any others.`;
}

/** Warns which pages were read by OCR, and which pages have pictures that OCR could not read. */
export function scanWarnings({ pages, leftOut }: PdfText): GatewayWarning[] {
  const scanned = pages.filter((page) => page.scanned).map(({ page }) => page);
  return [
    ...(scanned.length > 0
      ? [
          {
            code: 'TEXT_BY_OCR',
            message: `${pagesNamed(scanned)} no text of its own; what it shows was read by OCR.`,
          },
        ]
      : []),
    ...(leftOut.length > 0
      ? [
          {
            code: 'TEXT_NOT_READ',
            message: `${pagesNamed(leftOut)} no text and no picture that could be read; it was left out.`,
          },
        ]
      : []),
  ];
}

function pagesNamed(pages: readonly number[]): string {
  return pages.length === 1 ? `Page ${pages[0]} has` : `Each of the pages ${pages.join(', ')} has`;
}

/**
 * Checks that a document has text.
 * @throws Refusal `NO_TEXT` when no page has a text that was read
 */
export function requireText(text: PdfText): void {
  if (text.pages.some((page) => page.lines.length > 0)) return;
  if (text.leftOut.length > 0)
    throw new Refusal(
      'NO_TEXT',
      'The scan cannot be read well enough. Scan it again at 300 dots an inch, or send the digital original.',
    );
  if (text.hidden.undefinedCharacters > 0)
    throw new Refusal(
      'NO_TEXT',
      'The fonts of the file do not say what its characters are. Send a file made by another program, or a scan of it.',
    );
  throw new Refusal(
    'NO_TEXT',
    'The file has no text that can be read; it seems to be a scan. Send the digital original instead.',
  );
}
