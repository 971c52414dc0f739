import type { ReadDocument } from '../reading/document.ts';
import { cellsOf, keyOf, textOf } from '../printed/tokens.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { Refusal } from '../protocol/refusal.ts';

/** Titles of other documents that look like an invoice, in pt, en, de, fr, es and it. */
const OTHER_KINDS: Readonly<Record<string, readonly string[]>> = {
  'a quotation': [
    'quotation', 'quote', 'estimate', 'price quote', 'orçamento', 'cotação', 'proposta', 'proposta comercial', 'angebot',
    'kostenvoranschlag', 'offerte', 'devis', 'presupuesto', 'cotización', 'preventivo', 'offerta',
  ],
  'a delivery note': [
    'delivery note', 'packing slip', 'packing list', 'dispatch note', 'guia de remessa', 'guia de transporte', 'nota de entrega',
    'guia de entrega', 'lieferschein', 'bon de livraison', 'bordereau de livraison', 'albarán', 'albarán de entrega',
    'documento di trasporto', 'ddt', 'bolla di consegna',
  ],
  'a pro forma invoice': [
    'pro forma', 'proforma', 'pro forma invoice', 'proforma invoice', 'fatura proforma', 'fatura pro forma', 'factura proforma',
    'factura pro forma', 'proformarechnung', 'proforma rechnung', 'pro forma rechnung', 'facture proforma', 'facture pro forma',
    'fattura proforma', 'fattura pro forma',
  ],
  'an order': [
    'purchase order', 'order confirmation', 'sales order', 'nota de encomenda', 'encomenda', 'confirmação de encomenda',
    'bestellung', 'auftragsbestätigung', 'bon de commande', 'commande', 'confirmation de commande', 'pedido',
    'confirmación de pedido', 'orden de compra', 'ordine', 'ordine di acquisto', 'conferma ordine', "conferma d'ordine",
  ],
  'a statement of account': [
    'statement', 'statement of account', 'account statement', 'extrato', 'extrato de conta', 'extrato de conta corrente',
    'conta corrente', 'kontoauszug', 'relevé', 'relevé de compte', 'extracto', 'extracto de cuenta', 'estado de cuenta',
    'estratto conto',
  ],
  'a reminder': [
    'reminder', 'payment reminder', 'lembrete', 'lembrete de pagamento', 'aviso de pagamento', 'aviso de cobrança', 'mahnung',
    'zahlungserinnerung', 'erste mahnung', '1. mahnung', '2. mahnung', 'letzte mahnung', 'relance', 'lettre de relance',
    'rappel de paiement', 'recordatorio', 'recordatorio de pago', 'aviso de pago', 'sollecito', 'sollecito di pagamento',
  ],
}; // prettier-ignore

/** Titles of invoices and credit notes. The largest title of the first page decides the kind of document. */
const INVOICE_TITLE =
  /^(?:tax|commercial|sales)?(?:invoice|creditnote|creditmemo|rechnung|handelsrechnung|gutschrift|rechnungskorrektur|stornorechnung|facture|avoir|factura|fattura|fatura|faturarecibo|faturasimplificada|notadecredito|notadedebito|notadicredito|notadeabono|vendaadinheiro|recibo)/;

/** Sentences with which a document states that it is no invoice. Such a sentence counts anywhere on the document. */
const NO_INVOICE =
  /\bsin valor (?:como|de) factura\b|\bnon valido ai fini fiscali\b|n[ãa]o (?:serve|v[áa]lid[oa]|constitui|[ée] v[áa]lido|substitui)(?: (?:de|como|uma?|a|o))* fa(?:c)?tura|\b(?:is )?not an? (?:tax |vat )?invoice\b|\bkeine rechnung\b|ne (?:constitue|vaut|tient)(?: pas)?(?: lieu)?(?: d['’e])? ?(?:pas )?(?:une )?facture|no (?:es|constituye|sirve|v[áa]lid[oa])(?: (?:de|como|una?))* factura|non (?:costituisce|[èe]|vale)(?: (?:come|una|quale))* ?fattura/iu;

/** Words of stamps on a document that is no longer valid. */
const STAMPS =
  /^(?:fatura |factura |documento |invoice |rechnung |facture |fattura )?(?:anulad[oa]|cancelad[oa]|cancel+ed|void|storniert|annul[ée]e?|annullat[oa]|draft|rascunho|entwurf|brouillon|borrador|bozza)[.!]?$/iu;

/** Matches every text with a stamp, and few other texts. So most documents are not searched for stamps. */
const MAY_BE_STAMPED = /anulad|cancel|void|storniert|annul|draft|rascunho|entwurf|brouillon|borrador|bozza/i;

interface OtherTitle {
  readonly kind: string;
  readonly keys: readonly string[];
}

/** Titles by their first word; the longest titles stand first. */
const OTHER_TITLES: ReadonlyMap<string, readonly OtherTitle[]> = Map.groupBy(
  Object.entries(OTHER_KINDS)
    .flatMap(([kind, titles]) => titles.map((title) => ({ kind, keys: title.split(/\s+/).map(keyOf) })))
    .sort((a, b) => b.keys.length - a.keys.length),
  ({ keys }) => keys[0] ?? '',
);

/** A title is larger than the usual text by at least this factor. */
const TITLE_SIZE_RATIO = 1.2;

/**
 * Refuses a document that is no invoice. The evidence is a sentence that says this, a stamp, or a title of another
 * kind that is larger than every title of an invoice.
 * @throws Refusal `MAPPING_MISMATCH` that quotes the evidence and its page
 */
export function refuseOtherKinds(document: ReadDocument): void {
  const mayDeny = NO_INVOICE.test(document.text);
  const mayBeStamped = MAY_BE_STAMPED.test(document.text);
  for (const line of mayDeny || mayBeStamped ? document.lines : []) {
    if (mayDeny && NO_INVOICE.test(line.text)) throw refusal(`says "${line.text.trim()}"`, line);
    const stamp = mayBeStamped && cellsOf(line).find((cell) => isStamp(cell, line, document));
    if (stamp) throw refusal(`is stamped "${textOf(stamp)}"`, line);
  }
  const found = largestTitle(document);
  if (found?.kind !== undefined) throw refusal(`is ${found.kind} by its title "${found.text}"`, found.line);
}

function refusal(what: string, line: TokenLine): Refusal {
  return new Refusal('MAPPING_MISMATCH', `The document ${what} (page ${line.page}), so it is not converted.`);
}

/** True for the words of a stamp that are rotated, larger than the usual text, or in capitals. */
function isStamp(cell: readonly Token[], line: TokenLine, document: ReadDocument): boolean {
  if (cell.length > 3 || !STAMPS.test(textOf(cell))) return false;
  const size = cell[0]?.word.size ?? 0;
  return line.rotated || size > 1.15 * document.bodySize || /^[^\p{Ll}]+$/u.test(textOf(cell));
}

interface FoundTitle {
  /** The kind of document; undefined for an invoice. */
  readonly kind: string | undefined;
  readonly text: string;
  readonly size: number;
  readonly line: TokenLine;
}

/** Finds the largest title on the first page. When two titles are equally large, the title of an invoice counts. */
function largestTitle(document: ReadDocument): FoundTitle | undefined {
  let best: FoundTitle | undefined;
  for (const line of document.lines) {
    if (line.page > 1) break;
    for (const cell of cellsOf(line)) {
      const found = titleOf(cell, line, document);
      if (!found || (found.kind !== undefined && isListedLabel(cell, line, document))) continue;
      const larger = best === undefined || found.size > best.size + 0.2;
      const asLarge = best !== undefined && Math.abs(found.size - best.size) <= 0.2;
      if (larger || (asLarge && found.kind === undefined)) best = found;
    }
  }
  return best;
}

/** The left edges of labels in one list differ by at most this many points. */
const SAME_EDGE = 1.5;

/** True for a label with a colon, such as `Order:`, when other labels with a colon have the same left edge. */
function isListedLabel(cell: readonly Token[], line: TokenLine, document: ReadDocument): boolean {
  const first = cell[0];
  if (!first || !cell.at(-1)?.text.endsWith(':')) return false;
  return document.lines.some(
    (other) =>
      other !== line &&
      other.page === line.page &&
      cellsOf(other).some(
        (own) =>
          own.at(-1)?.text.endsWith(':') &&
          Math.abs((own[0]?.x0 ?? 0) - first.x0) < SAME_EDGE &&
          Math.abs((own[0]?.word.size ?? 0) - first.word.size) < 0.2,
      ),
  );
}

function titleOf(cell: readonly Token[], line: TokenLine, document: ReadDocument): FoundTitle | undefined {
  const size = cell[0]?.word.size ?? 0;
  const isLarge = size > TITLE_SIZE_RATIO * document.bodySize;
  const others = OTHER_TITLES.get(cell[0]?.key ?? '');
  if (!isLarge && !others) return undefined;
  const keys = cell.map((token) => token.key);
  const other = others?.find((title) => title.keys.every((key, i) => keys[i] === key));
  // The printed words of the title, without its number.
  const text = textOf(cell.slice(0, other ? other.keys.length : 1));
  // A pro forma invoice is recognised by its title, even in small print.
  const proForma =
    other?.kind === 'a pro forma invoice' &&
    other.keys.length + Number(/proforma(?:rechnung|invoice)/.test(keys[0] ?? '')) > 1 &&
    INVOICE_WORD.test(keys.slice(0, 3).join(''));
  if (other && (isLarge || proForma))
    return { kind: other.kind, text, size: proForma ? size + 100 : size, line };
  if (!isLarge || !INVOICE_TITLE.test(keys.join(''))) return undefined;
  return { kind: undefined, text, size, line };
}

const INVOICE_WORD = /invoice|rechnung|facture|factura|fattura|fatura/;
