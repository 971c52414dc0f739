import { postalOf } from './address-lines.ts';
import type { ReadDocument } from './document.ts';
import type { LabelHit } from './labels.ts';
import { saidRole } from './parties.ts';
import { isNameLike } from './party-names.ts';
import type { BlockCell, TextBlock } from './text-blocks.ts';
import { textBlocks } from './text-blocks.ts';
import type { TokenLine } from '../printed/tokens.ts';
import { textOf } from '../printed/tokens.ts';

/** Contact data, which senders print about themselves but not about the receiver. */
const CONTACT =
  /@|\bwww\.|^(?:tel|telf|telef|telefone|telefon|téléphone|tél|phone|fax|e-?mail|iban)(?:[\s.:]|$)/iu;
/** In the foot of a page, the sender's name stands at most this many lines from the tax number or the account. */
const FOOT_LINES_MAX = 4;

/**
 * Finds the cells of the sender: the block above the items that looks most like a letterhead. Otherwise it takes a
 * block at the foot of a page beside a tax number or account.
 */
export function letterhead(
  document: ReadDocument,
  blocks: readonly TextBlock[],
  taken: ReadonlySet<BlockCell>,
): BlockCell[] {
  const above = blocks
    .filter((block) => block.page === 1)
    .map((block) => ({ block, cells: block.cells.filter((cell) => !taken.has(cell)) }))
    .filter(({ cells }) => cells.some((cell) => isNameLike(cell.tokens)))
    .map(({ block, cells }) => ({ cells, rank: rankOf(block, cells, document) }));
  const isSure = above.some(({ rank }) => rank >= SURE_RANK);
  const below = isSure ? [] : footBlocks(document, blocks);
  const ranked = [
    ...above,
    ...below.map((block) => ({ cells: block.cells, rank: rankOf(block, block.cells, document) + FOOT_RANK })),
  ].sort((a, b) => b.rank - a.rank);
  return [...(ranked[0]?.cells ?? [])];
}

/**
 * A block above the items with at least this score has an address and the tax number. Then the foot of the page is not
 * searched.
 */
const SURE_RANK = 5.3;

/** The score of a block at the foot for the tax number or account beside it. */
const FOOT_RANK = 2;

/** Scores a block as the sender's: high on the page, large print, a tax number, an address, contact data. */
function rankOf(block: TextBlock, cells: readonly BlockCell[], document: ReadDocument): number {
  const [first] = cells;
  if (!first) return Number.NEGATIVE_INFINITY;
  const size = (first.tokens[0]?.word.size ?? 8) / document.bodySize;
  const numbers = cells.flatMap((cell) => hitsIn(cell, document).filter(isOfTaxNumber));
  const isOfBuyer = numbers.some((hit) => saidRole(hit) === 'buyer' || !hasOwner(hit, 'vat:seller'));
  const hasVat = !isOfBuyer && numbers.length > 0;
  const hasAddress = cells.some((cell) => postalOf(textOf(cell.tokens)) !== undefined);
  const isReached = cells.some((cell) => CONTACT.test(textOf(cell.tokens)));
  return (
    (hasVat ? 2 : 0) -
    (isOfBuyer ? 3 : 0) +
    (hasAddress ? 2 : 0) +
    (isReached ? 1 : 0) +
    (block.inOneLine ? 2 : 0) +
    Math.min(size, 2) +
    Math.min(cells.length, 5) * 0.2 -
    first.line.y / 400 -
    (hitsIn(first, document).some((hit) => hasOwner(hit, 'field:number')) ? 6 : 0)
  );
}

/** The labels that begin within a cell. */
function hitsIn(cell: BlockCell, document: ReadDocument): LabelHit[] {
  return (document.hits[cell.line.index] ?? []).filter((hit) => {
    const token = cell.line.tokens[hit.from];
    return token !== undefined && cell.tokens.includes(token);
  });
}

function hasOwner(hit: LabelHit, owner: string): boolean {
  return hit.uses.some((use) => use.owner === owner);
}

function isOfTaxNumber(hit: LabelHit): boolean {
  return hasOwner(hit, 'vat:seller') || hasOwner(hit, 'vat:buyer');
}

/** Finds addresses below the items that stand beside a tax number or an account. */
function footBlocks(document: ReadDocument, above: readonly TextBlock[]): TextBlock[] {
  const from = Math.max(-1, ...above.flatMap((block) => block.cells.map((cell) => cell.line.index))) + 1;
  const lines = document.lines.slice(from);
  const marks = lines.filter((line) => isOfSender(line, document));
  return textBlocks(lines).filter(
    ({ cells }) =>
      isNameLike(cells[0]?.tokens ?? []) &&
      cells.some((cell) => postalOf(textOf(cell.tokens)) !== undefined) &&
      cells.some(({ line }) =>
        marks.some(
          (mark) =>
            mark.page === line.page &&
            Math.abs(mark.y - line.y) < FOOT_LINES_MAX * Math.max(line.size, mark.size),
        ),
      ),
  );
}

function isOfSender(line: TokenLine, document: ReadDocument): boolean {
  return (document.hits[line.index] ?? []).some(
    (hit) => hasOwner(hit, 'vat:seller') || hasOwner(hit, 'field:iban'),
  );
}
