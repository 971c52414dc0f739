import { isNameLike } from './party-names.ts';
import type { BlockCell } from './text-blocks.ts';
import { postalOf } from './address-lines.ts';
import { textOf } from '../printed/tokens.ts';

/** Words for the receiver of mail within a company: `z. Hd. Frau Keller`, `À l’attention de`, `A/C Contabilidade`. */
const FOR_WHOM =
  /^(?:z\.?\s?hd\.?\s|zu händen|abt(?:eilung\b|\.)|attn?[.:\s]|f\.?a\.?o\.?[:\s]|for the attention of|dept\b|department\b|a\/c\b|ao cuidado|dep(?:to|artamento)\b|c\.\s?a\.\s|alla cortese|ufficio\b|à l[’']attention|service\s|a la atenci[oó]n|accounts payable)/iu;
/** A slogan about the age of a business: `Ihr Partner seit 1987`. */
const SLOGAN =
  /\b(?:seit|since|established|est\.|depuis|fondée?|desde|fundad[ao] em|fundad[ao] en|dal|gegründet)\s+(?:1[6-9]|20)\d\d\b/iu;

/** True for a line between a name and its place that is neither street nor name, such as a slogan. */
export function isAside({ tokens }: BlockCell): boolean {
  const text = textOf(tokens);
  return FOR_WHOM.test(text) || SLOGAN.test(text);
}

/** The street of an address. */
export interface Street {
  readonly cell: BlockCell;
  /** True when several lines may be the street and none has a number. */
  readonly isInDoubt: boolean;
}

/**
 * Finds the street among the lines between a name and its place: the line with a number, otherwise the last line. A
 * person or a department may stand above the street.
 */
export function streetAmong(cells: readonly BlockCell[]): Street | undefined {
  const lines = cells.filter(
    (cell) => (isNameLike(cell.tokens) || postalOf(textOf(cell.tokens)) !== undefined) && !isAside(cell),
  );
  const numbered = lines.find(({ tokens }) => /\d/.test(textOf(tokens)));
  const cell = numbered ?? lines.at(-1);
  return cell && { cell, isInDoubt: numbered === undefined && lines.length > 1 };
}
