import { countryOfAddress, countryOfPostLetters } from '../values/countries.ts';
import { postalOf } from './address-lines.ts';
import type { ReadDocument } from './document.ts';
import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import type { BlockCell } from './text-blocks.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { cellsOf, textOf } from '../printed/tokens.ts';

/** Titles of the address that is delivered to, without blanks and accents. */
const TITLES = new Set([
  'lieferadresse', 'lieferanschrift', 'lieferungan', 'lieferan', 'leistungsadresse', 'leistungsort', 'lieferort', 'warenempfanger',
  'abweichenderwarenempfanger', 'versandadresse', 'versandanschrift', 'shipto', 'shiptoaddress', 'shippingaddress', 'shippedto', 'deliverto',
  'deliveredto', 'deliveryaddress', 'deliverylocation', 'placeofdelivery', 'livraison', 'adressedelivraison', 'lieudelivraison', 'livrea',
  'livraisona', 'livrera', 'direcciondeentrega', 'direcciondeenvio', 'lugardeentrega', 'entregaren', 'enviara', 'indirizzodiconsegna',
  'luogodiconsegna', 'luogodidestinazione', 'destinazione', 'destinazionemerce', 'consegna', 'consegnatoa', 'moradadeentrega',
  'localdeentrega', 'localdedescarga', 'enderecodeentrega', 'moradadedescarga', 'entregueem', 'entregara',
]); // prettier-ignore

/** A pattern that every title matches and few other texts do, so most texts need no second look. */
const MAY_SAY =
  /liefer|leistungs(?:adresse|ort)|warenempf|versand(?:adr|ans)|ship|deliver|livr|entreg|envi|consegna|destinazione|descarga/i;

/** True for the title of the address that is delivered to: alone in its cell, or with a colon behind it. */
export function isDeliveredTo(tokens: readonly Token[]): boolean {
  const colon = tokens.findIndex(({ text }) => text.endsWith(':'));
  const title = colon < 0 ? tokens : tokens.slice(0, colon + 1);
  return TITLES.has(title.map(({ key }) => key).join(''));
}

/** The address has so many lines at most, and they are not further apart than so many font sizes. */
const LINES_MAX = 10;
const LINE_STEP_MAX = 2.4;
/** An address may be set in under its title by so many points. */
const INDENT_MAX = 20;

/**
 * The country of the address that is delivered to, as that address says it: in words, before its postal code or by the
 * form of it. Undefined where the page has no such address, several with different countries, or none that tells.
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

/** The lines under a title that stand in line with it; of a list of labels, the values beside them. */
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
  // A country may stand under the place, and nothing else of the address does.
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
