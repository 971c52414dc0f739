import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { ReadDocument } from '../reading/document.ts';
import { labelledParty, listArea, listedNumber } from '../reading/labelled-party.ts';
import type { Role, TaxNumber } from '../reading/parties.ts';
import { isOfTheBuyer, isOfTheSeller, isPlausibleTaxNumber, taxNumbers } from '../reading/parties.ts';
import { countryOf, partyBlock, readParty, titledBlock, untitledBuyer } from '../reading/party-blocks.ts';
import { withoutFormApart } from '../reading/name-doubts.ts';
import type { Area } from '../reading/regions.ts';
import { sellerNumbers } from '../reading/seller-numbers.ts';
import { cellsOf, textOf } from '../printed/tokens.ts';
import type { Found } from '../printed/provenance.ts';
import { derived } from '../printed/provenance.ts';
import type { SenderLine } from '../reading/sender-line.ts';
import { fullName, senderLine, windowAddress } from '../reading/sender-line.ts';
import type { BlockCell, TextBlock } from '../reading/text-blocks.ts';
import { textBlocks } from '../reading/text-blocks.ts';
import type { Party } from '../found-invoice/invoice.ts';
import type { QrPayload } from '../found-invoice/qr-payload.ts';

type Cells = readonly BlockCell[];

/** The parts of a document from which the parties are read. */
interface PartySources {
  readonly mapping: InvoiceMapping;
  readonly document: ReadDocument;
  /** The areas of the mapping's regions on the page. */
  readonly areas: ReadonlyMap<string, Area>;
  /** Index of the first line of the item table. */
  readonly tableStart: number;
  readonly qr: QrPayload | undefined;
}

/**
 * Reads seller and buyer. It assigns the tax numbers first, because they show which block of text belongs to which
 * party.
 */
export function readParties(given: PartySources): {
  seller: Party;
  buyer: Party;
  sellerFields: ReadonlyMap<string, Found>;
} {
  const { mapping, document, tableStart } = given;
  const areas = withLists(given.areas, document);
  const sources = { ...given, areas };
  const blocks = textBlocks(document.lines.slice(0, tableStart));
  const listed = {
    buyer: labelledParty(areas.get('buyer'), document),
    seller: labelledParty(areas.get('seller'), document),
  };
  const isTold = listed.seller.length > 0 || titledBlock('seller', document, blocks, new Set()).length > 0;
  const sender = isTold ? undefined : senderLine(document, tableStart);
  const inWindow = sender && listed.buyer.length === 0 ? windowAddress(sender, document) : [];
  const titled =
    [listed.buyer, inWindow].find((cells) => cells.length > 0) ??
    partyBlock({ role: 'buyer', document, blocks, taken: new Set() }, mapping.parties.buyer);
  const sellerCells = sender
    ? [sender.cell]
    : listed.seller.length > 0
      ? listed.seller
      : partyBlock({ role: 'seller', document, blocks, taken: new Set(titled) }, mapping.parties.seller);
  const buyerCells = titled.length > 0 ? titled : untitledBuyer(blocks, sellerCells);
  const numbers = numbersOf(sources, blocks, { seller: sellerCells, buyer: buyerCells });
  const place = (role: Role, cells: Cells) => ({
    cells,
    vatId: numbers[role],
    isListed: listed[role].length > 0,
    isInWindow: role === 'buyer' && cells === inWindow,
  });
  const readSeller = sender
    ? partyOf(sender, numbers.seller, sources)
    : readParty('seller', mapping, document, place('seller', sellerCells));
  const seller = { ...readSeller, name: readSeller.name && withoutFormApart(readSeller.name, document) };
  const buyer = readParty('buyer', mapping, document, place('buyer', buyerCells));
  if (seller.vatId !== undefined) return { seller, buyer, sellerFields: new Map() };
  const ofBuyer = blocks.filter(({ cells }) =>
    cells.some((cell) => buyerCells.includes(cell) || isOfTheBuyer(cell)),
  );
  const other = sellerNumbers(document, ofBuyer);
  const sellerFields = new Map<string, Found>(other.numbers);
  const listedAs = listedNumber(areas.get('seller'), document);
  if (listedAs) sellerFields.set('sellerIdentifier', listedAs);
  const country =
    seller.country ??
    (other.country === undefined ? undefined : derived(other.country, 'register of the seller'));
  return { seller: { ...seller, country }, buyer, sellerFields };
}

function partyOf(
  { party }: SenderLine,
  vatId: TaxNumber | undefined,
  { mapping, document }: PartySources,
): Party {
  return {
    ...party,
    name: party.name && fullName(party.name, document),
    vatId,
    country: party.country ?? countryOf(undefined, vatId, mapping.country),
  };
}

/** Assigns the tax numbers to seller and buyer by label, block and QR code. */
function numbersOf(
  { mapping, document, areas, qr, tableStart }: PartySources,
  blocks: readonly TextBlock[],
  cells: Readonly<Record<Role, Cells>>,
): Record<Role, TaxNumber | undefined> {
  const inBlockOf = (number: TaxNumber, own: Cells): boolean =>
    holds(own, number) ||
    blocks.some((block) => block.cells.some((cell) => own.includes(cell)) && holds(block.cells, number));
  const pointsOf = (number: TaxNumber, role: Role, qrField: string): number =>
    (number.role === role ? 3 : 0) +
    (role === 'buyer' && isUnderTitleOfBuyer(number, blocks) ? 3 : 0) +
    (inBlockOf(number, cells[role]) ? 2 : 0) +
    (role === 'seller' && isAmongRegisters(number, document) ? 1 : 0) +
    (qr?.get(qrField) === bare(number) ? 4 : 0);
  const scored = taxNumbers(mapping, document, areas).map((number) => ({
    number,
    buyer: pointsOf(number, 'buyer', 'B'),
    seller: pointsOf(number, 'seller', 'A'),
  }));
  const rank = (role: Role, other: Role) =>
    scored
      .filter((s) => s[other] <= s[role])
      .sort(
        (a, b) =>
          b[role] - b[other] - (a[role] - a[other]) ||
          Number(isPlausibleTaxNumber(b.number.value)) - Number(isPlausibleTaxNumber(a.number.value)) ||
          a.number.line.index - b.number.line.index,
      );
  const buyer = rank('buyer', 'seller').find((s) => s.buyer > 0)?.number;
  const seller = rank('seller', 'buyer').find((s) => s.number.value !== buyer?.value || s.seller > 0)?.number;
  const others = scored.filter(
    ({ number }) => number.value !== seller?.value && number.line.index < tableStart,
  );
  const [other] = others;
  const isAlone = others.every(({ number }) => number.value === other?.number.value);
  return {
    seller,
    // A number above the items that is not the seller's, in a strip of facts: `Cliente | Contribuinte | Data`.
    buyer: buyer ?? (isAlone && seller && inBlockOf(seller, cells.seller) ? other?.number : undefined),
  };
}

/** Words of the details that the law requires on a company's letters: register, court, directors, capital. */
const OF_THE_COMPANY =
  /handelsregister|registergericht|amtsgericht|\bHR[AB]\b|geschäftsführ|\bR\.?C\.?S\b|au capital|registered (?:in|office)|conserv(?:atória|\.)|registro mercantil|registro (?:delle )?imprese/iu;
const LINES_AROUND_MAX = 3;
const SAME_COLUMN = 3;

/** True for a number close to the legally required facts about a company, such as in the foot of a letter. */
function isAmongRegisters({ line, x0 }: TaxNumber, { lines }: ReadDocument): boolean {
  return lines
    .slice(Math.max(0, line.index - LINES_AROUND_MAX), line.index + LINES_AROUND_MAX + 1)
    .filter((other) => other.page === line.page && other !== line)
    .some((other) =>
      cellsOf(other).some(
        (cell) => Math.abs((cell[0]?.x0 ?? 0) - x0) < SAME_COLUMN && OF_THE_COMPANY.test(textOf(cell)),
      ),
    );
}

/** A list may be indented under its title by this many points. */
const INDENT_MAX = 20;

/** True for a number under a title such as `Vos identifiants`: in the same block, or in an indented list below. */
function isUnderTitleOfBuyer(number: TaxNumber, blocks: readonly TextBlock[]): boolean {
  const own = blocks.find((block) => holds(block.cells, number));
  const top = own?.cells[0]?.line;
  if (own === undefined || top === undefined) return false;
  const above = own.cells.slice(
    0,
    own.cells.findIndex((cell) => holds([cell], number)),
  );
  const title = above.findLast((cell) => isOfTheBuyer(cell) || isOfTheSeller(cell));
  if (title !== undefined) return isOfTheBuyer(title);
  return blocks.some(({ page, x0, cells }) => {
    const last = cells.at(-1);
    if (last === undefined || !isOfTheBuyer(last) || page !== own.page) return false;
    const drop = top.y - last.line.y;
    return drop > 0 && drop < 2 * last.line.size && own.x0 >= x0 && own.x0 - x0 < INDENT_MAX;
  });
}

/** Adds the area of a list of labels and values under a party's title, if the mapping has no region for the party. */
function withLists(regions: ReadonlyMap<string, Area>, document: ReadDocument): ReadonlyMap<string, Area> {
  const areas = new Map(regions);
  for (const role of ['seller', 'buyer'] as const) {
    const area = areas.get(role) ?? listArea(role, document);
    if (area) areas.set(role, area);
  }
  return areas;
}

function bare(number: TaxNumber): string {
  return number.value.replace(/^PT/, '');
}

function holds(cells: Cells, number: TaxNumber): boolean {
  return cells.some(
    (cell) => cell.line === number.line && cell.tokens.some((token) => Math.abs(token.x0 - number.x0) < 1),
  );
}
