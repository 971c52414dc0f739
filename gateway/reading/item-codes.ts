import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import type { Token } from '../printed/tokens.ts';
import { keyOf, textOf } from '../printed/tokens.ts';

/** The party or list that gave a number in a cell of references. */
type Kind = 'seller' | 'standard' | 'buyer' | 'other' | 'unlabelled';

/** Labels inside a cell of references, by key. An unlisted label with a colon announces another kind of number. */
const LABELS = new Map<string, Kind>([
  ...list('seller', [
    'Art-Nr-Lieferant', 'Artikelnummer Lieferant', 'Lieferanten-Art.-Nr.', 'Lieferantenartikelnummer', 'Art.-Nr.',
    'Artikel-Nr.', 'Artikelnummer', 'Unsere Art.-Nr.', 'Item no', 'Item number', 'Article no', 'Article number', 'SKU',
    'Part no', 'ASIN', 'MPN', 'Our ref', 'Supplier code', 'Code article', 'Réf. fournisseur', 'Référence', 'Réf.', 'Réf. article',
    'Code', 'Product code', 'Código', 'Cód.', 'Cód. artigo', 'Cód. art.', 'Ref.', 'Referência', 'Referencia', 'Codice', 'Cod.', 'Cod. art.', 'Codice articolo',
  ]),
  ...list('standard', ['GTIN', 'EAN', 'EAN-13', 'GLN', 'UPC', 'ISBN', 'Code EAN', 'Code barre', 'Código de barras']),
  ...list('buyer', [
    'Art-Nr-Kunde', 'Kunden-Art.-Nr.', 'Kundenartikelnummer', 'Ihre Art.-Nr.', 'Your item no', 'Customer item no',
    'Your ref', 'Buyer code', 'Réf. client', 'Code client', 'Votre réf.', 'Ref. cliente', 'Cód. cliente', 'V/ ref.',
    'Vosso código', 'Su referencia', 'Codice cliente', 'Vs. codice',
  ]),
]); // prettier-ignore

function list(kind: Kind, labels: readonly string[]): [string, Kind][] {
  return labels.map((label) => [label.split(/\s+/).map(keyOf).join(''), kind]);
}

/**
 * The kinds of numbers that can be the item's code, in order of preference. The buyer's number is never the item's
 * code.
 */
const PREFERRED: readonly Kind[] = ['seller', 'standard', 'unlabelled'];

const LABEL_WORDS_MAX = 5;

interface Reference {
  readonly kind: Kind;
  readonly lines: Token[][];
}

export interface ItemCodes {
  /** The seller's number, or if there is none, the number of the trade. */
  readonly code: Found | undefined;
  /** A GTIN printed next to the seller's number. */
  readonly standardCode: Found | undefined;
}

/** A GTIN has 8, 12, 13 or 14 digits (GS1 General Specifications, 3.3). */
const GTIN = /^(?:\d{8}|\d{12,14})$/;

export function isTradeNumber(value: string): boolean {
  return GTIN.test(value);
}

/** Words of a title for the buyer's number of an item, then words for the seller's. */
const BUYERS = /kunde|\b(?:ihre|customer|buyer|your|client|votre|cliente|vossa|vosso)\b/iu;
const SELLERS =
  /lieferant|\b(?:lief|unsere|supplier|seller|our|fournisseur|notre|fornecedor|proveedor|fornitore|nossa)\b/iu;

/** True for the title of a column that names the numbers of both parties. */
export function isTitleOfBoth(title: string): boolean {
  return BUYERS.test(title) && SELLERS.test(title);
}

/**
 * Removes the numbers whose owner is unknown. If the title names the buyer first and a cell has several lines, the last
 * line is the seller's number.
 */
function withoutUnknownOwners(references: readonly Reference[], title: string): readonly Reference[] {
  const isBuyersFirst = title.search(BUYERS) < title.search(SELLERS);
  return references.flatMap((reference): Reference[] => {
    if (reference.kind !== 'unlabelled') return [reference];
    const last = reference.lines.at(-1);
    if (!isBuyersFirst || !last || reference.lines.length < 2) return [];
    // More lines than two numbers: one of them is broken, and its part may be read as the number.
    const rest = reference.lines.length > 2 ? reference.lines.slice(0, -1) : [];
    return [
      { kind: 'seller', lines: [last] },
      ...(rest.length > 0 ? [{ kind: 'other' as const, lines: rest }] : []),
    ];
  });
}

/**
 * Reads the codes of an item from its cell of references. The cell may hold several numbers on several lines, each
 * with its label in front (`Art.-Nr.: 4711`) or behind (`4012345678901 (EAN)`).
 * @param title the title of the column; if it names the numbers of both parties, the owner of a number without a
 * label is unknown
 */
export function itemCodes(lines: readonly (readonly Token[])[], title: string): ItemCodes {
  const references = isTitleOfBoth(title)
    ? withoutUnknownOwners(referencesIn(lines), title)
    : referencesIn(lines);
  const found = PREFERRED.flatMap((kind) => {
    const reference = references.find((one) => one.kind === kind && one.lines.length > 0);
    const value = reference && valueOf(reference);
    if (value === undefined || !reference) return [];
    const code = foundIn(value, reference.lines.flat(), `column code, ${kind}`, 0.85);
    const leftOver = kind === 'seller' ? otherNumber(references) : undefined;
    return [{ kind, code: leftOver === undefined ? code : { ...code, leftOver } }];
  });
  const trade = found.find(({ kind, code }, i) => i > 0 && kind === 'standard' && GTIN.test(code.value));
  return { code: found[0]?.code, standardCode: trade?.code };
}

/** A number in the cell whose owner is unknown, so that it may be the code as well. It has at least one digit. */
function otherNumber(references: readonly Reference[]): string | undefined {
  const texts = references.flatMap(({ kind, lines }) => (kind === 'other' ? [textOf(lines.flat())] : []));
  return texts.find(
    (text) => /\d/.test(text) && text.length >= CODE_LENGTH_MIN && text.length <= CODE_LENGTH_MAX,
  );
}

/** A shorter or longer text in a cell of references is no number of an item. */
const CODE_LENGTH_MIN = 3;
const CODE_LENGTH_MAX = 40;

/** Reads the code from a line of a description that holds nothing else: `Art.-Nr.: 4711`. */
export function codeLine(line: readonly Token[]): Found | undefined {
  return labelledCode(line, 'seller');
}

/** True for a line that states only a number of the item. It is not part of the name. */
export function isCodeLine(line: readonly Token[]): boolean {
  return (['seller', 'standard', 'buyer'] as const).some((kind) => labelledCode(line, kind) !== undefined);
}

/** Reads a number of the trade from a line of a description that holds nothing else: `GTIN: 4012345001235`. */
export function tradeCodeLine(line: readonly Token[]): Found | undefined {
  const found = labelledCode(line, 'standard');
  return found && GTIN.test(found.value) ? found : undefined;
}

function labelledCode(line: readonly Token[], kind: Kind): Found | undefined {
  const label = labelAt(line);
  const rest = label?.kind === kind ? line.slice(label.to) : [];
  return rest.length === 1 && /\d/.test(rest[0]?.text ?? '')
    ? foundIn(textOf(rest), rest, 'code under the name', 0.8)
    : undefined;
}

function referencesIn(lines: readonly (readonly Token[])[]): Reference[] {
  const references: Reference[] = [];
  let open: Reference | undefined;
  for (const line of lines) {
    const label = labelAt(line);
    const behind = labelBehind(line);
    if (label) {
      open = { kind: label.kind, lines: [] };
      references.push(open);
      if (label.to < line.length) open.lines.push(line.slice(label.to));
    } else if (behind) {
      const own = line.slice(0, behind.from);
      const before = own.length > 0 ? own : open?.lines.pop();
      references.push({ kind: behind.kind, lines: before ? [[...before]] : [] });
      open = undefined;
    } else {
      if (!open) {
        open = { kind: 'unlabelled', lines: [] };
        references.push(open);
      }
      open.lines.push([...line]);
    }
  }
  return references;
}

/** Finds the label at the start of a line: a known label, or any words in front of a colon. */
function labelAt(line: readonly Token[]): { kind: Kind; to: number } | undefined {
  let key = '';
  let known: { kind: Kind; to: number } | undefined;
  for (let i = 0; i < Math.min(line.length, LABEL_WORDS_MAX); i += 1) {
    const token = line[i] as Token;
    // A colon at the start of a line ends a label that was not printed.
    if (i === 0 && /^:./.test(token.text)) return { kind: 'unlabelled', to: 0 };
    key += token.key;
    const kind = LABELS.get(key);
    if (kind) known = { kind, to: i + 1 };
    if (token.text === ':') return known ? { ...known, to: i + 1 } : labelOf(key, i + 1);
    if (token.text.endsWith(':')) return { kind: kind ?? 'other', to: i + 1 };
  }
  return known && known.to < line.length ? known : undefined;
}

/** Returns the label in front of a colon; undefined when no words are in front of the colon. */
function labelOf(key: string, to: number): { kind: Kind; to: number } {
  return { kind: key === '' ? 'unlabelled' : 'other', to };
}

/** Finds a label in brackets at the end of a line. */
function labelBehind(line: readonly Token[]): { kind: Kind; from: number } | undefined {
  const last = line.at(-1);
  const kind = last && /^\(.+\)$/.test(last.text) ? LABELS.get(last.key) : undefined;
  return kind && { kind, from: line.length - 1 };
}

/** Digits of one number that a narrow cell broke over two lines. */
const FIGURES = /^\d+$/;
const BROKEN_AFTER_MIN = 8;

function valueOf({ kind, lines }: Reference): string | undefined {
  const texts = lines.map((line) => textOf(line).replace(/^[:#]\s*/, ''));
  let value = texts[0] ?? '';
  for (const text of texts.slice(1)) {
    const broken = FIGURES.test(value) && FIGURES.test(text) && value.length >= BROKEN_AFTER_MIN;
    if (/[\p{L}\d][-/]$/u.test(value) || (broken && kind !== 'seller')) value += text;
    else if (kind !== 'unlabelled') value = `${value} ${text}`;
  }
  return /[\p{L}\d]/u.test(value) ? value : undefined;
}
