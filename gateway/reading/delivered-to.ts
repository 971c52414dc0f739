import { countryOfAddress, countryOfPostLetters } from '../values/countries.ts';
import { postalOf } from './address-lines.ts';
import type { ReadDocument } from './document.ts';
import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import type { BlockCell } from './text-blocks.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { cellsOf, textOf } from '../printed/tokens.ts';

/** Titles of the delivery address, without blanks and accents. */
const TITLES = new Set([
  'lieferadresse', 'lieferanschrift', 'lieferungan', 'lieferan', 'leistungsadresse', 'leistungsort', 'lieferort', 'warenempfanger',
  'abweichenderwarenempfanger', 'versandadresse', 'versandanschrift', 'shipto', 'shiptoaddress', 'shippingaddress', 'shippedto', 'deliverto',
  'deliveredto', 'deliveryaddress', 'deliverylocation', 'placeofdelivery', 'livraison', 'adressedelivraison', 'lieudelivraison', 'livrea',
  'livraisona', 'livrera', 'direcciondeentrega', 'direcciondeenvio', 'lugardeentrega', 'entregaren', 'enviara', 'indirizzodiconsegna',
  'luogodiconsegna', 'luogodidestinazione', 'destinazione', 'destinazionemerce', 'consegna', 'consegnatoa', 'moradadeentrega',
  'localdeentrega', 'localdedescarga', 'enderecodeentrega', 'moradadedescarga', 'entregueem', 'entregara',
]); // prettier-ignore

/** Matches every title of a delivery address and few other texts. This saves the search in most texts. */
const MAY_SAY =
  /liefer|leistungs(?:adresse|ort)|warenempf|versand(?:adr|ans)|ship|deliver|livr|entreg|envi|consegna|destinazione|descarga/i;

/** True for a title of the delivery address, alone in its cell or in front of a colon. */
export function isDeliveredTo(tokens: readonly Token[]): boolean {
  const colon = tokens.findIndex(({ text }) => text.endsWith(':'));
  const title = colon < 0 ? tokens : tokens.slice(0, colon + 1);
  return TITLES.has(title.map(({ key }) => key).join(''));
}

/** An address has at most this many lines. */
const LINES_MAX = 10;
const LINE_STEP_MAX = 2.4;
/** An address may be indented under its title by this many points. */
const INDENT_MAX = 20;

/**
 * Finds the country of the delivery address: its name, the letters in front of the postal code, or the form of the
 * code. Returns undefined if the page has no such address, or several with different countries.
 */
export function countryDeliveredTo(document: ReadDocument): Found | undefined {
  if (!MAY_SAY.test(document.text)) return undefined;
  const found = document.lines.flatMap((line) =>
    line.rotated
      ? []
      : cellsOf(line)
          .filter(isDeliveredTo)
          .flatMap((title) => countryIn(addressUnder(title, line, document)) ?? []),
  );
  const [first] = found;
  return found.every(({ value }) => value === first?.value) ? first : undefined;
}

/** Returns the lines aligned under a title, or in a list of labels the values beside the labels. */
function addressUnder(title: readonly Token[], from: TokenLine, document: ReadDocument): BlockCell[] {
  const x = title[0]?.x0 ?? 0;
  const cells: BlockCell[] = [];
  let bottom = from;
  let valueX: number | undefined;
  for (const line of document.lines.slice(from.index + 1)) {
    if (line.page !== from.page || line.y - bottom.y > LINE_STEP_MAX * bottom.size) break;
    if (cells.length >= LINES_MAX) break;
    const own = cellsOf(line);
    const at = own.findIndex((cell) => isUnder(cell, valueX ?? x) || isUnder(cell, x));
    const cell = own[at];
    if (!cell) continue;
    if (isDeliveredTo(cell)) break;
    bottom = line;
    const value = own[at + 1];
    const isLabel = cell.at(-1)?.text.endsWith(':') === true && value !== undefined;
    if (isLabel) valueX = value[0]?.x0;
    cells.push({ tokens: isLabel ? value : cell, line });
  }
  return cells;
}

function isUnder(cell: readonly Token[], x: number): boolean {
  const start = cell[0]?.x0 ?? 0;
  return start >= x - 3 && start - x < INDENT_MAX;
}

function countryIn(cells: readonly BlockCell[]): Found | undefined {
  const at = cells.findIndex(({ tokens }) => postalOf(textOf(tokens)) !== undefined);
  if (at < 0) return undefined;
  // Below the place, only the country belongs to the address.
  const address = cells.slice(Math.max(0, at - 3), at + 2);
  const place = cells[at] as BlockCell;
  const letters = postalOf(textOf(place.tokens))?.[1];
  const country =
    (letters === undefined ? undefined : countryOfPostLetters(letters)) ??
    countryOfAddress(address.map(({ tokens }) => textOf(tokens)));
  return country === undefined
    ? undefined
    : foundIn(country, place.tokens, 'address that is delivered to', 0.8);
}
