import type { InvoiceMapping, PartyRule } from '../mapping/mapping-schema.ts';
import type { Party } from '../found-invoice/invoice.ts';
import { accountHolder } from './account-holder.ts';
import { isDeliveredTo } from './delivered-to.ts';
import { postalOf } from './address-lines.ts';
import type { ReadDocument } from './document.ts';
import { countryNamed, countryOfAddress, countryOfPostLetters } from '../values/countries.ts';
import type { LabelHit } from './labels.ts';
import { isLabelled, isMoreThanALabel } from './labelled-cells.ts';
import { LEGAL_FORM } from './legal-forms.ts';
import { letterhead } from './letterheads.ts';
import { DOUBTFUL_NAME, isDoubtful, SURE_NAME } from './name-doubts.ts';
import { formalName } from './name-above-street.ts';
import { nameGroup } from './name-groups.ts';
import { isNameLike } from './party-names.ts';
import type { Role, TaxNumber } from './parties.ts';
import type { Found } from '../printed/provenance.ts';
import { derived, foundIn } from '../printed/provenance.ts';
import { isAside, streetAmong } from './street-lines.ts';
import type { BlockCell, TextBlock } from './text-blocks.ts';
import type { Token } from '../printed/tokens.ts';
import { CELL_GAP_RATIO, textOf } from '../printed/tokens.ts';

/** Finds the block with an address under a title of the party. Returns no cells without such a block. */
export function titledBlock(
  role: Role,
  document: ReadDocument,
  blocks: readonly TextBlock[],
  taken: ReadonlySet<BlockCell>,
): BlockCell[] {
  return titledBlocks({ role, document, blocks, taken, isAlone: true }).find(hasPlace) ?? [];
}

interface TitledBlocks {
  readonly role: Role;
  readonly document: ReadDocument;
  readonly blocks: readonly TextBlock[];
  readonly taken: ReadonlySet<BlockCell>;
  /** True to accept only titles that are alone in their cell: `Seller:`, not `Seller Company`. */
  readonly isAlone: boolean;
}

function standsAlone({ line, to }: LabelHit): boolean {
  return (line.tokens[to]?.gap ?? Number.POSITIVE_INFINITY) > CELL_GAP_RATIO;
}

function titledBlocks({ role, document, blocks, taken, isAlone }: TitledBlocks): BlockCell[][] {
  return document.lines.flatMap((line) => {
    const hit = (document.hits[line.index] ?? []).find(
      (h) => h.uses.some((use) => use.owner === `party:${role}`) && startsCell(h) && !isPartOfName(h),
    );
    const cells =
      hit && (!isAlone || standsAlone(hit)) ? cellsAt(hit, blocks).filter((cell) => !taken.has(cell)) : [];
    return cells.some((cell) => isNameLike(cell.tokens)) ? [cells] : [];
  });
}

/** Finds the block of a party by its title. The sender's block is also found by its place at the top. */
export function partyBlock(
  { role, document, blocks, taken }: Omit<TitledBlocks, 'isAlone'>,
  rule: PartyRule,
): BlockCell[] {
  const all = titledBlocks({ role, document, blocks, taken, isAlone: false });
  const withPlace = all.find((cells) => hasPlace(cells) || !rule.atTop);
  if (withPlace) return withPlace;
  if (!rule.atTop) return [];
  // `Vendedor: M. Keller` names a salesperson. The seller is the party whose address is printed.
  const head = letterhead(document, blocks, taken);
  const [titled] = all;
  return titled && !hasPlace(head) ? titled : head;
}

function hasPlace(cells: readonly BlockCell[]): boolean {
  return cells.some(isPlaceLike);
}

/**
 * Finds a buyer without a title: the only other address above the table. With several addresses, such as a place of
 * delivery or a branch, it returns no cells.
 */
export function untitledBuyer(blocks: readonly TextBlock[], sellerCells: readonly BlockCell[]): BlockCell[] {
  const taken = new Set(sellerCells);
  const sellerName = sellerCells.find((cell) => isNameLike(cell.tokens));
  const addresses = blocks
    .filter(({ page, inOneLine }) => page === 1 && !inOneLine)
    .map(({ cells }) => beforeDelivery(cells))
    .filter(
      (cells) =>
        !(sellerName && cells.some((cell) => textOf(cell.tokens) === textOf(sellerName.tokens))) &&
        hasPlace(cells) &&
        isNameLike(cells[0]?.tokens ?? []) &&
        !cells.some((cell) => taken.has(cell)),
    );
  return addresses.length === 1 ? [...(addresses[0] ?? [])] : [];
}

/** The cells above the title of a delivery address, or all cells. */
function beforeDelivery(cells: readonly BlockCell[]): readonly BlockCell[] {
  const at = cells.findIndex(({ tokens }) => isDeliveredTo(tokens));
  return at < 0 ? cells : cells.slice(0, at);
}

/** True for a title that is part of a name, because only a legal form follows it: `Kunde GmbH`. */
function isPartOfName({ line, to }: LabelHit): boolean {
  const next = line.tokens[to];
  const end = line.tokens[to + 1];
  return (
    next !== undefined && next.gap < 1 && LEGAL_FORM.test(next.text) && (end === undefined || end.gap > 1.4)
  );
}

function startsCell(hit: LabelHit): boolean {
  return hit.from === 0 || (hit.line.tokens[hit.from]?.gap ?? 0) > 0.9;
}

/**
 * The cells that belong to a title. First comes the rest of the title's own cell, then the cells below in the same
 * block, or the next block.
 */
function cellsAt(hit: LabelHit, blocks: readonly TextBlock[]): BlockCell[] {
  const rest = hit.line.tokens.slice(hit.to);
  const own = rest.filter((_, i) => rest.slice(0, i + 1).every((token) => token.gap <= 1.4));
  const cells: BlockCell[] =
    own.length > 0 && own.some((token) => token.key !== '') ? [{ tokens: own, line: hit.line }] : [];
  const home = blocks.find((block) =>
    block.cells.some(
      (cell) => cell.line === hit.line && cell.tokens.includes(hit.line.tokens[hit.from] as Token),
    ),
  );
  const under = home?.cells.filter((cell) => cell.line.index > hit.line.index) ?? [];
  if (under.length > 0) return [...cells, ...under];
  const size = hit.line.size;
  const near = blocks
    .map((block) => ({ block, first: block.cells[0] as BlockCell }))
    .filter(({ block, first }) => {
      const drop = first.line.y - hit.line.y;
      const below = drop > 0 && drop < 3.6 * size && Math.abs(block.x0 - hit.x0) < 40;
      const beside = Math.abs(drop) < 1.2 * size && block.x0 > hit.x1;
      return first.line.page === hit.line.page && (below || beside);
    })
    .sort(
      (a, b) =>
        Number(hasPlace(b.block.cells)) - Number(hasPlace(a.block.cells)) ||
        Math.abs(a.first.line.y - hit.line.y) - Math.abs(b.first.line.y - hit.line.y),
    );
  return [...cells, ...(near[0]?.block.cells ?? [])];
}

/** The place where a party was found, and other facts about this place. */
export interface PartyPlace {
  readonly cells: readonly BlockCell[];
  readonly vatId: TaxNumber | undefined;
  /** True when the cells come from a list of labels and values. Such cells are values only, without the labels. */
  readonly isListed: boolean;
  /** True when the cells are the address in the window of an envelope, which has no titles. */
  readonly isInWindow: boolean;
}

/** Reads name and address from a party's cells. */
export function readParty(
  role: Role,
  mapping: InvoiceMapping,
  document: ReadDocument,
  { cells, vatId, isListed, isInWindow }: PartyPlace,
): Party {
  const named = namedValue(role, document);
  const isPart = (cell: BlockCell, at: number): boolean =>
    (!isLabelled(cell, document) || (isInWindow && at === 0 && isMoreThanALabel(cell, document))) &&
    !/^@/.test(textOf(cell.tokens));
  const own = isListed ? cells : cells.filter(isPart);
  const holder = role === 'seller' && !isListed ? accountHolder(document)?.toLowerCase() : undefined;
  const isHolder = ({ tokens }: BlockCell): boolean =>
    holder !== undefined && textOf(tokens).toLowerCase() === holder;
  // The line with the holder of the account is the seller's name. Without such a line, the first line that can be a
  // name is the seller's name.
  const first = isListed ? own[0] : (own.find(isHolder) ?? own.find((cell) => isNameLike(cell.tokens)));
  const formal = first && !isListed && !isHolder(first) ? formalName(own, first, document) : undefined;
  const nameCell = formal?.lines[0] ?? first;
  // A letterhead may print the name twice: large, and again above the address.
  const usable = own.filter(
    (cell) => cell === nameCell || !nameCell || textOf(cell.tokens) !== textOf(nameCell.tokens),
  );
  const postalCell = placeIn(usable.filter((cell) => cell !== nameCell));
  const postal = postalCell ? postalOf(textOf(postalCell.tokens)) : undefined;
  const group =
    formal !== undefined && formal.lines.length > 1
      ? { lines: formal.lines, hasOthers: false }
      : nameCell && !isListed
        ? nameGroup(cells, nameCell, document)
        : undefined;
  const lastOfName = group?.lines.at(-1) ?? nameCell;
  const after = lastOfName ? usable.indexOf(lastOfName) + 1 : 0;
  const before = postalCell ? usable.indexOf(postalCell) : after + 1;
  const found = streetAmong(usable.slice(after, Math.max(after, Math.min(before, after + 3))));
  const street = found?.cell;
  const rule = `block of the ${role}`;
  const inBlock = nameCell && {
    name: nameCell,
    between: usable.slice(after, before).filter((cell) => !isAside(cell)),
    hasStreet: street !== undefined,
  };
  const isInDoubt =
    inBlock !== undefined &&
    !isListed &&
    !isHolder(inBlock.name) &&
    (group?.hasOthers === true ||
      formal?.isInDoubt === true ||
      found?.isInDoubt === true ||
      isDoubtful(inBlock, document));
  const nameTokens = (group?.lines ?? (nameCell ? [nameCell] : [])).map(({ tokens }) => tokens);
  const name =
    named ??
    (nameCell
      ? foundIn(
          nameTokens.map(textOf).join(' '),
          nameTokens.flat(),
          rule,
          isInDoubt ? DOUBTFUL_NAME : SURE_NAME,
        )
      : undefined);
  const part = (value: string | undefined): Found | undefined =>
    value === undefined ? undefined : foundIn(value, tokensOfPart(value, postalCell), rule, 0.7);
  return {
    name,
    vatId,
    street: street ? foundIn(textOf(street.tokens), street.tokens, rule, 0.7) : undefined,
    postalCode: part(postal?.[2]),
    city: part(postal?.[3]?.replace(/,\s*[A-Z]{2}$/, '')),
    country: printedCountry(usable.slice(after)) ?? countryOf(postal?.[1], vatId, mapping.country),
  };
}

function isPlaceLike({ tokens }: BlockCell): boolean {
  return postalOf(textOf(tokens)) !== undefined;
}

/**
 * Finds the line with postal code and place. `1242 chemin des Oliviers` directly above that line looks similar, but
 * is the street.
 */
function placeIn(cells: readonly BlockCell[]): BlockCell | undefined {
  const at = cells.findIndex(isPlaceLike);
  const next = cells[at + 1];
  return at >= 0 && next && isPlaceLike(next) ? next : cells[at];
}

/** The tokens of a cell that make up a part of its text. */
function tokensOfPart(value: string, cell: BlockCell | undefined): readonly Token[] {
  return (cell?.tokens ?? []).filter((token) => {
    const own = token.text.replace(/,$/, '');
    return value.includes(own) || own.includes(value);
  });
}

/** Finds the country in the address itself: its name on a separate line, or the form of the postal code. */
function printedCountry(cells: readonly BlockCell[]): Found | undefined {
  const country = countryOfAddress(cells.map((cell) => textOf(cell.tokens)));
  if (country === undefined) return undefined;
  const own = cells.findLast((cell) => countryNamed(textOf(cell.tokens)) !== undefined);
  return own
    ? foundIn(country, own.tokens, 'country of the address', 0.9)
    : derived(country, 'form of the address');
}

/** Derives the country from the postal code's prefix, then from the tax number's prefix, then from the mapping. */
export function countryOf(
  postalPrefix: string | undefined,
  vatId: TaxNumber | undefined,
  usual: string | undefined,
): Found | undefined {
  const iso = (code: string): string => (code === 'EL' ? 'GR' : code);
  const byLetters = postalPrefix === undefined ? undefined : countryOfPostLetters(postalPrefix);
  if (byLetters !== undefined) return derived(byLetters, 'prefix of the postal code');
  const vatPrefix = /^([A-Z]{2})[A-Z0-9]/.exec(vatId?.value ?? '')?.[1];
  if (vatPrefix !== undefined) return derived(iso(vatPrefix), 'prefix of the tax number');
  return usual === undefined ? undefined : derived(usual, 'the mapping’s country');
}

function namedValue(role: Role, document: ReadDocument): Found | undefined {
  for (const line of document.lines) {
    const hit = (document.hits[line.index] ?? []).find((h) =>
      h.uses.some((use) => use.owner === `name:${role}`),
    );
    const rest = hit ? line.tokens.slice(hit.to) : [];
    const tokens = rest.filter((_, i) => i === 0 || rest.slice(1, i + 1).every((token) => token.gap <= 1.4));
    if (hit && tokens.length > 0 && isNameLike(tokens))
      return foundIn(textOf(tokens), tokens, `label "${hit.text}" right`, 0.85);
  }
  return undefined;
}
