import { ENDS_IN_LEGAL_FORM } from './legal-forms.ts';
import type { Token } from '../printed/tokens.ts';
import { textOf } from '../printed/tokens.ts';

/** A postal code followed by the place, in the forms of the countries that the mappings read. */
const POSTAL =
  /^(?:([A-Z]{1,2})[-\s])?(\d{4}-\d{3}|\d{5}(?:-\d{4})?|\d{6}|\d{4}\s?[A-Z]{2}|\d{4}|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|[A-Z]\d[\dW]\s?[A-Z\d]{4})\s+(\p{L}.{1,60})$/u;
/** Five digits that touch the name of the place: `88802Spielkreis`. */
const TOUCHING = /^(?:([A-Z]{1,2})[-\s])?(\d{5})(\p{Lu}\p{Ll}.{1,60})$/u;
/** The place before the postcode, as in the United Kingdom: `Leeds LS1 4AB`. */
const PLACE_FIRST = /^(\p{L}[\p{L} .'-]{1,40}?),?\s+([A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2})$/u;

/**
 * Splits the last line of an address: index 1 holds the prefix of the country, 2 the postal code, 3 the place. Returns
 * undefined for any other line.
 */
export function postalOf(text: string): readonly (string | undefined)[] | undefined {
  const match = POSTAL.exec(text) ?? TOUCHING.exec(text);
  if (match) return match;
  const british = PLACE_FIRST.exec(text);
  return british ? [british[0], undefined, british[2], british[1]] : undefined;
}

const DIVIDERS = ['·', '•', '|', '∙', '●', '–', '—', '-'] as const;

export interface AddressLine {
  /**
   * The words of the name (if the line has one), of the street, of the place, and the remaining words. Commas at the
   * end of a part are removed.
   */
  readonly parts: readonly (readonly Token[])[];
  readonly hasName: boolean;
}

/**
 * Splits an address in one line into its parts, at points, bars, dashes or commas. Such a line is a letterhead, or the
 * sender above the window of an envelope. Returns undefined for any other text.
 */
export function addressLine(tokens: readonly Token[]): AddressLine | undefined {
  if (tokens.length < 4) return undefined;
  for (const divider of DIVIDERS) {
    const pieces = split(tokens, (token) => token.text === divider);
    if (pieces.length < 2) continue;
    const found = address(tokens, pieces, pieces.length > 2 ? 'a name' : 'any piece');
    if (found) return found;
  }
  const pieces = splitAfter(tokens, (token) => token.text.endsWith(','));
  return address(tokens, pieces, 'any piece');
}

/** Index of the first token, and index after the last token. */
type Piece = readonly [from: number, to: number];

function split(tokens: readonly Token[], divides: (token: Token) => boolean): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  tokens.forEach((token, at) => {
    if (!divides(token)) return;
    if (at > from) pieces.push([from, at]);
    from = at + 1;
  });
  if (from < tokens.length) pieces.push([from, tokens.length]);
  return pieces;
}

function splitAfter(tokens: readonly Token[], ends: (token: Token) => boolean): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  tokens.forEach((token, at) => {
    if (!ends(token) && at < tokens.length - 1) return;
    pieces.push([from, at + 1]);
    from = at + 1;
  });
  return pieces;
}

/** @param first the kind of the first piece when no piece ends with a legal form */
function address(
  tokens: readonly Token[],
  pieces: readonly Piece[],
  first: 'a name' | 'any piece',
): AddressLine | undefined {
  // In `1242 chemin de l'olive - 84340 Malaucène` the number and street look like a postal code and a place. The last
  // match is the place.
  const at = pieces.findLastIndex((piece, i) => i > 0 && postalOf(textOf(cut(tokens, piece))) !== undefined);
  if (at < 0) return undefined;
  const formAt = pieces
    .slice(0, at - 1)
    .findIndex((piece) => ENDS_IN_LEGAL_FORM.test(textOf(cut(tokens, piece)).replace(/,$/, '')));
  const nameEnd = formAt >= 0 ? formAt : first === 'a name' && at > 1 ? 0 : -1;
  const nameStart = (pieces[0] as Piece)[0];
  const place = pieces[at] as Piece;
  const street: Piece = [pieces[nameEnd + 1]?.[0] ?? 0, (pieces[at - 1] as Piece)[1]];
  const name: Piece[] = nameEnd < 0 ? [] : [[nameStart, (pieces[nameEnd] as Piece)[1]]];
  const parts = [...name, street, place, ...pieces.slice(at + 1)].map((piece) => cut(tokens, piece));
  return { parts, hasName: nameEnd >= 0 };
}

function cut(tokens: readonly Token[], [from, to]: Piece): Token[] {
  return tokens
    .slice(from, to)
    .map((token, i, all) =>
      i === all.length - 1 && token.text.endsWith(',') ? { ...token, text: token.text.slice(0, -1) } : token,
    );
}
