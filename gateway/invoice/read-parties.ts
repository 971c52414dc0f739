import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { ReadDocument } from '../reading/document.ts';
import type { TaxNumber } from '../reading/parties.ts';
import { isPlausibleTaxNumber, taxNumbers } from '../reading/parties.ts';
import { labelledParty, listArea } from '../reading/labelled-party.ts';
import { partyBlock, readParty, untitledBuyer } from '../reading/party-blocks.ts';
import type { Area } from '../reading/regions.ts';
import type { TextBlock } from '../reading/text-blocks.ts';
import { textBlocks } from '../reading/text-blocks.ts';
import type { Party } from './invoice.ts';
import type { QrPayload } from './qr-payload.ts';

/** Seller and buyer: their tax numbers first, since these tell the blocks apart. */
export function readParties(
  mapping: InvoiceMapping,
  document: ReadDocument,
  regions: ReadonlyMap<string, Area>,
  tableStart: number,
  qr: QrPayload | undefined,
): { seller: Party; buyer: Party } {
  const areas = withLists(regions, document);
  const blocks = textBlocks(document.lines.slice(0, tableStart));
  const listed = {
    buyer: labelledParty(areas.get('buyer'), document),
    seller: labelledParty(areas.get('seller'), document),
  };
  const titled =
    listed.buyer.length > 0
      ? listed.buyer
      : partyBlock('buyer', mapping.parties.buyer, document, blocks, new Set());
  const sellerCells =
    listed.seller.length > 0
      ? listed.seller
      : partyBlock('seller', mapping.parties.seller, document, blocks, new Set(titled));
  const buyerCells = titled.length > 0 ? titled : untitledBuyer(blocks, sellerCells);
  const numbers = taxNumbers(mapping, document, areas);
  const inCells = (number: TaxNumber, cells: typeof buyerCells): boolean =>
    cells.some(
      (cell) => cell.line === number.line && cell.tokens.some((token) => Math.abs(token.x0 - number.x0) < 1),
    );
  const inBlockOf = (number: TaxNumber, cells: typeof buyerCells): boolean =>
    inCells(number, cells) || blockOf(number, blocks, cells);
  const scored = numbers.map((number) => ({
    number,
    buyer:
      (number.role === 'buyer' ? 3 : 0) +
      (inBlockOf(number, buyerCells) ? 2 : 0) +
      (qr?.get('B') === bare(number) ? 4 : 0),
    seller:
      (number.role === 'seller' ? 3 : 0) +
      (inBlockOf(number, sellerCells) ? 2 : 0) +
      (qr?.get('A') === bare(number) ? 4 : 0),
  }));
  const rank = (role: 'buyer' | 'seller', other: 'buyer' | 'seller') =>
    [...scored]
      .filter((s) => s[other] <= s[role])
      .sort(
        (a, b) =>
          b[role] - b[other] - (a[role] - a[other]) ||
          Number(isPlausibleTaxNumber(b.number.value)) - Number(isPlausibleTaxNumber(a.number.value)) ||
          a.number.line.index - b.number.line.index,
      );
  const buyerNumber = rank('buyer', 'seller').find((s) => s.buyer > 0)?.number;
  const sellerNumber = rank('seller', 'buyer').find(
    (s) => s.number.value !== buyerNumber?.value || s.seller > 0,
  )?.number;
  return {
    seller: readParty('seller', mapping, document, sellerCells, sellerNumber),
    buyer: readParty('buyer', mapping, document, buyerCells, buyerNumber),
  };
}

/** The regions of the parties, and where a list of labels and values stands under a party's title. */
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

/** True when the number stands in the same block as the party's cells. */
function blockOf(
  number: TaxNumber,
  blocks: readonly TextBlock[],
  cells: readonly TextBlock['cells'][number][],
): boolean {
  return blocks.some(
    (block) =>
      block.cells.some((cell) => cells.includes(cell)) &&
      block.cells.some(
        (cell) =>
          cell.line === number.line && cell.tokens.some((token) => Math.abs(token.x0 - number.x0) < 1),
      ),
  );
}
