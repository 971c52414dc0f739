import type { ReadDocument } from './document.ts';
import { ENDS_IN_LEGAL_FORM, LEGAL_FORM } from './legal-forms.ts';
import { isNameLike } from './party-names.ts';
import type { BlockCell } from './text-blocks.ts';
import { textOf } from '../printed/tokens.ts';

/** The name of a company that stands under other words, as under a brand. */
export interface FormalName {
  /** One line; two for a name that goes on in a second line. */
  readonly lines: readonly BlockCell[];
  /** Nothing but its legal form says that it is the name. */
  readonly isInDoubt: boolean;
}

/** A name with its legal form stands this many lines under the words above it at most. */
const LINES_UNDER_MAX = 3;

/**
 * The name between the first words of an address and its street, where these are a brand: a line that ends in a legal form,
 * or one that begins with the brand and goes on. A line with a form is sure where it does both, or stands elsewhere on
 * the page as well. Undefined where the first words have a legal form, or nothing under them is such a line.
 */
export function formalName(
  cells: readonly BlockCell[],
  first: BlockCell,
  document: ReadDocument,
): FormalName | undefined {
  if (LEGAL_FORM.test(textOf(first.tokens))) return undefined;
  const at = cells.indexOf(first);
  const lines = cells.slice(at + 1, at + 1 + LINES_UNDER_MAX).filter(({ tokens }) => isNameLike(tokens));
  const longer = lines.find((cell) => goesOn(first, cell));
  if (longer) return { lines: [longer], isInDoubt: false };
  const under = lines.find(({ tokens }) => ENDS_IN_LEGAL_FORM.test(textOf(tokens)));
  if (!under) return undefined;
  const isRightUnder = cells[at + 1] === under;
  const both = [first, under];
  if (isRightUnder && (isFormAlone(under) || isElsewhere(both, document)))
    return { lines: both, isInDoubt: false };
  return { lines: [under], isInDoubt: !isElsewhere([under], document) };
}

/** True for a line that begins with the words of a brand and has more. */
function goesOn(brand: BlockCell, { tokens }: BlockCell): boolean {
  const own = keyOf(brand.tokens);
  const count = brand.tokens.length;
  const isLonger = tokens.length > count && !/\d/.test(textOf(tokens));
  return own.length > 1 && isLonger && keyOf(tokens.slice(0, count)) === own;
}

/** True for a line that is a legal form and no more: `GmbH & Co. KG`. */
function isFormAlone({ tokens }: BlockCell): boolean {
  return tokens.every(({ text }) => LEGAL_FORM.test(text) || /^(?:&|und|u\.|e|Co\.?|mbH)$/iu.test(text));
}

function keyOf(tokens: BlockCell['tokens']): string {
  return tokens.map(({ key }) => key).join('');
}

/** True where the words of these lines stand together in another line of the document. */
function isElsewhere(own: readonly BlockCell[], document: ReadDocument): boolean {
  const wanted = own.map(({ tokens }) => textOf(tokens).toLowerCase()).join(' ');
  return document.lines.some(
    (line) => !own.some((cell) => cell.line === line) && line.text.toLowerCase().includes(wanted),
  );
}
