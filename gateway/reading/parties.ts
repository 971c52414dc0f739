import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import { isNif } from '../values/identifiers.ts';
import { nationalVatId } from '../values/national-numbers.ts';
import type { ReadDocument } from './document.ts';
import type { LabelHit } from './labels.ts';
import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import type { Area } from './regions.ts';
import { isInside } from './regions.ts';
import type { BlockCell } from './text-blocks.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { cellsOf } from '../printed/tokens.ts';
import type { ParsedValue } from './value-parsers.ts';
import { parseValue } from './value-parsers.ts';

export type Role = 'seller' | 'buyer';

/** A tax number, and the party to which it may belong. */
export interface TaxNumber extends Found {
  readonly role: Role | undefined;
  readonly score: number;
  readonly line: TokenLine;
  readonly x0: number;
}

/** Finds all tax numbers with a label. The label, the region or the block shows the party. */
export function taxNumbers(
  mapping: InvoiceMapping,
  document: ReadDocument,
  areas: ReadonlyMap<string, Area>,
): TaxNumber[] {
  const found: TaxNumber[] = [];
  for (const line of document.lines)
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
      const role = saidRole(hit) ?? own ?? (inside.length === 1 ? inside[0] : undefined);
      found.push({ ...value, role, score: value.confidence + (role ? 0.2 : 0), line, x0: hit.x0 });
    }

  void mapping;
  return found;
}

/** True for a title such as `Vos identifiants`. The seller addresses the buyer, so the numbers are the buyer's. */
export function isOfTheBuyer(cell: BlockCell): boolean {
  return YOURS.has(cell.tokens[0]?.key ?? '') && isTitle(cell);
}

/** True for a title of the seller, such as `Nos références`. */
export function isOfTheSeller(cell: BlockCell): boolean {
  return OURS.has(cell.tokens[0]?.key ?? '') && isTitle(cell);
}

/** True for a title: several words without a colon or a figure. `Ihr Partner seit 1987` is not a title. */
function isTitle({ tokens }: BlockCell): boolean {
  return tokens.length > 1 && !tokens.some(({ text }) => text.endsWith(':') || /\d/.test(text));
}

const YOURS = new Set([
  'vos',
  'vostri',
  'sus',
  'seus',
  'vossos',
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
  'nos',
  'nostri',
  'nuestros',
  'nossos',
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

const OF_CUSTOMER = new Set([
  'cliente',
  'client',
  'kunde',
  'kunden',
  'customer',
  'buyer',
  'adquirente',
  'acheteur',
]);

/**
 * Finds the party by the word in front of the label: `Your VAT no.` is the buyer's, because the seller speaks. The
 * word after the label may also name the party: `P. IVA cliente`.
 */
export function saidRole(hit: LabelHit): Role | undefined {
  const before = hit.from === 0 ? undefined : hit.line.tokens[hit.from - 1];
  const key =
    before && (hit.line.tokens[hit.from]?.gap ?? 9) < 1 ? before.key : hit.line.tokens[hit.from]?.key;
  const after = hit.line.tokens
    .slice(hit.to, hit.to + 2)
    .find((token) => !/^(?:del?|do|du)$/.test(token.key));
  if (after && after.gap < 1 && OF_CUSTOMER.has(after.key)) return 'buyer';
  return YOURS.has(key ?? '') ? 'buyer' : OURS.has(key ?? '') ? 'seller' : undefined;
}

function valueOf(hit: LabelHit, document: ReadDocument): Found | undefined {
  const rest = hit.line.tokens.slice(hit.to);
  for (let skip = 0; skip < Math.min(4, rest.length); skip += 1) {
    const token = rest[skip] as Token;
    const parsed =
      parseValue('vatId', rest.slice(skip), document.notation) ?? nationalNumber(hit.key, rest.slice(skip));
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
      const first = cell[0] as Token;
      const last = cell.at(-1) as Token;
      if (last.x1 < hit.x0 - 1 || first.x0 > hit.x1 + 1) continue;
      const parsed = parseValue('vatId', cell, document.notation) ?? nationalNumber(hit.key, cell);
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

/** Reads a tax number without the country's prefix. Label, form and check digit must identify the country. */
function nationalNumber(labelKey: string, tokens: readonly Token[]): ParsedValue | undefined {
  let text = '';
  for (const [at, token] of tokens.slice(0, NATIONAL_TOKENS_MAX).entries()) {
    if (at > 0 && token.gap > 1) break;
    text += token.text;
    const value = nationalVatId(labelKey, text);
    if (value !== undefined) return { value, count: at + 1, fit: 0.9 };
  }
  return undefined;
}

/** A national number has at most this many groups of characters. */
const NATIONAL_TOKENS_MAX = 4;

/** True for a NIF with a correct check digit, and for a number with a country's prefix. */
export function isPlausibleTaxNumber(value: string): boolean {
  return isNif(value.replace(/^PT/, '')) || /^[A-Z]{2}/.test(value);
}
