import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import { isNif } from '../values/identifiers.ts';
import type { ReadDocument } from './document.ts';
import type { LabelHit } from './labels.ts';
import type { Found } from './provenance.ts';
import { foundIn } from './provenance.ts';
import type { Area } from './regions.ts';
import { isInside } from './regions.ts';
import type { Token, TokenLine } from './tokens.ts';
import { cellsOf } from './tokens.ts';
import { parseValue } from './value-parsers.ts';

export type Role = 'seller' | 'buyer';

/** Cells that stand over one another: an address, a letterhead. */
export interface TextBlock {
  readonly page: number;
  readonly x0: number;
  readonly cells: readonly { readonly tokens: readonly Token[]; readonly line: TokenLine }[];
}

/** A tax number with whom it may belong to. */
export interface TaxNumber extends Found {
  readonly role: Role | undefined;
  readonly score: number;
  readonly line: TokenLine;
  readonly x0: number;
}

/** Blocks of the document's lines up to `lineMax` (lines of the item table and below are no addresses). */
export function textBlocks(document: ReadDocument, lineMax: number): TextBlock[] {
  const open: {
    page: number;
    x0: number;
    y: number;
    size: number;
    cells: { tokens: Token[]; line: TokenLine }[];
  }[] = [];
  for (const line of document.lines.slice(0, lineMax)) {
    if (line.rotated) continue;
    for (const tokens of cellsOf(line, 1.4)) {
      const first = tokens[0] as Token;
      const home = open.findLast(
        (block) =>
          block.page === line.page &&
          line.y - block.y > 0.3 * line.size &&
          line.y - block.y < 1.9 * Math.max(block.size, first.word.size) &&
          Math.abs(block.x0 - first.x0) < 6,
      );
      if (home) {
        home.cells.push({ tokens, line });
        home.y = line.y;
        home.size = first.word.size;
      } else
        open.push({
          page: line.page,
          x0: first.x0,
          y: line.y,
          size: first.word.size,
          cells: [{ tokens, line }],
        });
    }
  }
  return open.map(({ page, x0, cells }) => ({ page, x0, cells }));
}

/** All tax numbers with a label, and whose they seem to be: by the label itself, the region, or the block they stand in. */
export function taxNumbers(
  mapping: InvoiceMapping,
  document: ReadDocument,
  areas: ReadonlyMap<string, Area>,
): TaxNumber[] {
  const found: TaxNumber[] = [];
  for (const line of document.lines) {
    for (const hit of document.hits[line.index] ?? []) {
      const owners = hit.uses.map((use) => use.owner).filter((owner) => owner.startsWith('vat:'));
      if (owners.length === 0) continue;
      const value = valueOf(hit, document);
      if (!value) continue;
      const own = owners.length === 1 ? (owners[0]?.slice(4) as Role) : undefined;
      const inside = (['seller', 'buyer'] as const).filter((role) => {
        const area = areas.get(role);
        return area !== undefined && isInside(area, line, hit.x0);
      });
      const role = said(hit) ?? own ?? (inside.length === 1 ? inside[0] : undefined);
      found.push({ ...value, role, score: value.confidence + (role ? 0.2 : 0), line, x0: hit.x0 });
    }
  }
  void mapping;
  return found;
}

const YOURS = new Set([
  'ihre',
  'ihr',
  'your',
  'votre',
  'vossa',
  'vosso',
  'sua',
  'seu',
  'su',
  'vostra',
  'vostro',
  'vs',
  'v',
]);
const OURS = new Set([
  'unsere',
  'unser',
  'our',
  'notre',
  'nossa',
  'nosso',
  'nuestra',
  'nuestro',
  'nostra',
  'nostro',
  'ns',
  'n',
]);

/** Whose number it is by the word before the label: the seller speaks, so `Your VAT no.` is the buyer's. */
function said(hit: LabelHit): Role | undefined {
  const before = hit.from === 0 ? undefined : hit.line.tokens[hit.from - 1];
  const key =
    before && (hit.line.tokens[hit.from]?.gap ?? 9) < 1 ? before.key : hit.line.tokens[hit.from]?.key;
  return YOURS.has(key ?? '') ? 'buyer' : OURS.has(key ?? '') ? 'seller' : undefined;
}

function valueOf(hit: LabelHit, document: ReadDocument): Found | undefined {
  const rest = hit.line.tokens.slice(hit.to);
  for (let skip = 0; skip < Math.min(4, rest.length); skip++) {
    const token = rest[skip] as Token;
    const parsed = parseValue('vatId', rest.slice(skip), document.notation);
    if (parsed)
      return foundIn(
        parsed.value,
        rest.slice(skip, skip + parsed.count),
        `label "${hit.text}" right`,
        parsed.fit,
      );
    if (/\d/.test(token.text)) break;
  }
  const size = hit.line.size;
  for (const line of document.lines.slice(hit.line.index + 1, hit.line.index + 6)) {
    if (line.page !== hit.line.page || line.y - hit.line.y > 2.6 * size) break;
    for (const cell of cellsOf(line)) {
      const [first, last] = [cell[0] as Token, cell.at(-1) as Token];
      if (last.x1 < hit.x0 - 1 || first.x0 > hit.x1 + 1) continue;
      const parsed = parseValue('vatId', cell, document.notation);
      if (parsed)
        return foundIn(
          parsed.value,
          cell.slice(0, parsed.count),
          `label "${hit.text}" below`,
          0.95 * parsed.fit,
        );
    }
  }
  return undefined;
}

/** True for digits that hold as a NIF, or a number with a country prefix. */
export function isPlausibleTaxNumber(value: string): boolean {
  return isNif(value.replace(/^PT/, '')) || /^[A-Z]{2}/.test(value);
}
