import type { ReadDocument } from './document.ts';
import { ENDS_IN_LEGAL_FORM, LEGAL_FORM } from './legal-forms.ts';
import { isNameLike } from './party-names.ts';
import type { BlockCell } from './text-blocks.ts';
import { textOf } from '../printed/tokens.ts';

/** The name of a company below other words, such as a brand. */
export interface FormalName {
  /** One line, or two if the name continues in a second line. */
  readonly lines: readonly BlockCell[];
  /** True when only the legal form shows that these lines are the name. */
  readonly isInDoubt: boolean;
}

/** A name with its legal form stands at most this many lines below the words above it. */
const LINES_UNDER_MAX = 3;

/**
 * Finds the company's name between the first words of an address and its street, if these words are a brand. A name
 * that begins with the brand and continues is certain. A name that ends with a legal form is in doubt unless the page
 * also prints it elsewhere. Returns undefined if the first words have a legal form, or if no such line stands below
 * them.
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

/** True for a line that begins with the words of a brand and has more words. */
function goesOn(brand: BlockCell, { tokens }: BlockCell): boolean {
  const own = keyOf(brand.tokens);
  const count = brand.tokens.length;
  const isLonger = tokens.length > count && !/\d/.test(textOf(tokens));
  return own.length > 1 && isLonger && keyOf(tokens.slice(0, count)) === own;
}

/** True for a line that is only a legal form: `GmbH & Co. KG`. */
function isFormAlone({ tokens }: BlockCell): boolean {
  return tokens.every(({ text }) => LEGAL_FORM.test(text) || /^(?:&|und|u\.|e|Co\.?|mbH)$/iu.test(text));
}

function keyOf(tokens: BlockCell['tokens']): string {
  return tokens.map(({ key }) => key).join('');
}

/** True when another line of the document contains the words of these lines together. */
function isElsewhere(own: readonly BlockCell[], document: ReadDocument): boolean {
  const wanted = own.map(({ tokens }) => textOf(tokens).toLowerCase()).join(' ');
  return document.lines.some(
    (line) => !own.some((cell) => cell.line === line) && line.text.toLowerCase().includes(wanted),
  );
}
