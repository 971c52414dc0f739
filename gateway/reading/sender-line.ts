import type { Party } from '../found-invoice/invoice.ts';
import { countryNamed } from '../values/countries.ts';
import { postalOf } from './address-lines.ts';
import type { ReadDocument } from './document.ts';
import { LEGAL_FORM } from './legal-forms.ts';
import { isNameLike } from './party-names.ts';
import { mayBeStreet } from './sender-names.ts';
import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import type { BlockCell } from './text-blocks.ts';
import { cellsOf, textOf } from '../printed/tokens.ts';
import type { Token } from '../printed/tokens.ts';

/** A letterhead in one line: `Kraxi GmbH · Flugzeugallee 17 · 12345 Papierfeld`. */
export interface SenderLine {
  readonly cell: BlockCell;
  /** The party without its tax number. The country is undefined if the line states none. */
  readonly party: Omit<Party, 'vatId'>;
}

/**
 * Marks between the parts of a sender's line. A dash counts only in a line without the other marks, because names
 * contain dashes.
 */
const MARK = /^[·●•|∙⋅‧]$/;
const DASH = /^[–-]$/;
const PARTS_MIN = 3;
const RULE = 'letterhead in one line';

/**
 * Finds the sender's address in one line: above the address window of a letter (DIN 5008), or at the top of the page.
 * Returns undefined if the page has no such line, or lines of different senders.
 */
export function senderLine(document: ReadDocument, lineMax: number): SenderLine | undefined {
  const found: SenderLine[] = [];
  for (const line of document.lines.slice(0, lineMax)) {
    if (line.page > 1 || line.rotated) continue;
    for (const tokens of cellsOf(line, PART_GAP_MAX)) {
      const mark = [MARK, DASH].find((one) => tokens.some((token) => one.test(token.text)));
      const party = partyIn(tokens, mark);
      const cell = { tokens, line };
      const name = party && nameOf(tokens, mark);
      if (party && name && !mayBeStreet(name, cell, document)) found.push({ cell, party });
    }
  }
  const [first, ...others] = found;
  return others.every(({ party }) => party.name?.value === first?.party.name?.value) ? first : undefined;
}

/** Some letterheads print wide blanks around the marks. */
const PART_GAP_MAX = 2.5;

function nameOf(tokens: readonly Token[], mark: RegExp | undefined): readonly Token[] | undefined {
  return withWholeName(partsOf(tokens, mark), tokens)[0];
}

function partyIn(tokens: readonly Token[], mark: RegExp | undefined): SenderLine['party'] | undefined {
  const parts = withWholeName(partsOf(tokens, mark), tokens);
  if (parts.length < PARTS_MIN) return undefined;
  const postalAt = parts.findLastIndex((part) => postalOf(textOf(part)) !== undefined);
  const [first] = parts;
  if (!first || postalAt < 2 || !isNameLike(first) || /\d{3}|:/.test(textOf(first))) return undefined;
  const between = parts.slice(1, postalAt);
  const street = between.find((part) => /\d/.test(textOf(part)) && /\p{L}{3}/u.test(textOf(part)));
  // A line without separators must be exactly a name, a street with its number, and a place.
  if (!street || (mark === undefined && (postalAt !== 2 || parts.length > 4))) return undefined;
  const postalTokens = parts[postalAt] as readonly Token[];
  const postal = postalOf(textOf(postalTokens));
  const said = parts.slice(postalAt + 1).find((part) => countryNamed(textOf(part)) !== undefined);
  const of = (value: string | undefined, from: readonly Token[]): Found | undefined =>
    value === undefined ? undefined : foundIn(value, from, RULE, 0.85);
  return {
    name: of(textOf(first), first),
    street: of(textOf(street), street),
    postalCode: of(postal?.[2], postalTokens),
    city: of(postal?.[3], postalTokens),
    country: said && of(countryNamed(textOf(said)), said),
  };
}

/**
 * Joins the parts of a name that contains the mark, up to its legal form: `Mar Salgado - Conservas, S.A. - Avenida 3`.
 */
function withWholeName(parts: Token[][], tokens: readonly Token[]): Token[][] {
  const [first, second, ...rest] = parts;
  if (!first || !second || LEGAL_FORM.test(textOf(first))) return parts;
  const isOfName = LEGAL_FORM.test(textOf(second)) && !/\d/.test(textOf(second));
  const last = second.at(-1);
  return isOfName && last ? [tokens.slice(0, tokens.indexOf(last) + 1), ...rest] : parts;
}

/** Splits tokens at the marks; without marks, at commas. */
function partsOf(tokens: readonly Token[], mark: RegExp | undefined): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokens)
    if (mark?.test(token.text)) parts.push([]);
    else {
      const ends = mark === undefined && token.text.endsWith(',');
      parts.at(-1)?.push(ends ? { ...token, text: token.text.slice(0, -1) } : token);
      if (ends) parts.push([]);
    }

  return parts.filter((part) => part.length > 0);
}

/**
 * The address in the window begins and ends at most this many points below the sender's line (DIN 5008: a field of 45
 * mm).
 */
const WINDOW_HEIGHT_PT = 130;
const WINDOW_SLANT_PT = 45;

/**
 * Finds the address in a letter's window: the cells aligned below the sender's line, down to the last line of the
 * window.
 */
export function windowAddress(sender: SenderLine, document: ReadDocument): BlockCell[] {
  const { line: from, tokens: own } = sender.cell;
  const x = own[0]?.x0 ?? 0;
  const cells: BlockCell[] = [];
  let x0: number | undefined;
  let bottom = from.y;
  for (const line of document.lines.slice(from.index + 1)) {
    if (line.page !== from.page || line.y - from.y > WINDOW_HEIGHT_PT) break;
    const tokens = cellsOf(line, 1.4).find((cell) => {
      const start = cell[0]?.x0 ?? 0;
      return x0 === undefined ? Math.abs(start - x) < WINDOW_SLANT_PT : Math.abs(start - x0) < 6;
    });
    if (!tokens) continue;
    if (x0 !== undefined && line.y - bottom > LINE_STEP_MAX * line.size) break;
    x0 ??= tokens[0]?.x0;
    bottom = line.y;
    cells.push({ tokens, line });
    if (cells.length > WINDOW_LINES_MAX) return [];
  }
  return cells.some(({ tokens }) => postalOf(textOf(tokens)) !== undefined) &&
    isNameLike(cells[0]?.tokens ?? [])
    ? cells
    : [];
}

const WINDOW_LINES_MAX = 9;
/** Two lines of one address are at most this many font sizes apart. */
const LINE_STEP_MAX = 3.6;

/** Finds the full name with its legal form elsewhere on the page, because a sender's line may shorten it. */
export function fullName(short: Found, document: ReadDocument): Found {
  if (LEGAL_FORM.test(short.value)) return short;
  for (const line of document.lines) {
    if (line.page > 1 || line.rotated) continue;
    const cell = cellsOf(line, 1.4).find((tokens) => {
      const text = textOf(tokens);
      return text.startsWith(`${short.value} `) && LEGAL_FORM.test(text) && !/[,:·]/.test(text);
    });
    if (cell) return foundIn(textOf(cell), cell, 'name with its legal form', 0.8);
  }
  return short;
}
