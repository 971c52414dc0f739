import type { ReadDocument } from '../reading/document.ts';
import { cellsOf, keyOf, textOf } from '../printed/tokens.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { Refusal } from '../protocol/refusal.ts';

/** Documents that look like an invoice and are none, by their titles in pt, en, de, fr, es and it. */
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

/** Titles of invoices and credit notes; the larger title of a page says what it is. */
const INVOICE_TITLE =
  /^(?:tax|commercial|sales)?(?:invoice|creditnote|creditmemo|rechnung|handelsrechnung|gutschrift|rechnungskorrektur|stornorechnung|facture|avoir|factura|fattura|fatura|faturarecibo|faturasimplificada|notadecredito|notadedebito|notadicredito|notadeabono|vendaadinheiro|recibo)/;

/** Sentences by which a document says that it is no invoice, wherever they stand. */
const NO_INVOICE =
  /\bsin valor (?:como|de) factura\b|\bnon valido ai fini fiscali\b|n[ãa]o (?:serve|v[áa]lid[oa]|constitui|[ée] v[áa]lido|substitui)(?: (?:de|como|uma?|a|o))* fa(?:c)?tura|\b(?:is )?not an? (?:tax |vat )?invoice\b|\bkeine rechnung\b|ne (?:constitue|vaut|tient)(?: pas)?(?: lieu)?(?: d['’e])? ?(?:pas )?(?:une )?facture|no (?:es|constituye|sirve|v[áa]lid[oa])(?: (?:de|como|una?))* factura|non (?:costituisce|[èe]|vale)(?: (?:come|una|quale))* ?fattura/iu;

/** Words stamped over a document that is no longer good. */
const STAMPS =
  /^(?:fatura |factura |documento |invoice |rechnung |facture |fattura )?(?:anulad[oa]|cancelad[oa]|cancel+ed|void|storniert|annul[ée]e?|annullat[oa]|draft|rascunho|entwurf|brouillon|borrador|bozza)[.!]?$/iu;

/** What every stamp holds; most documents hold none of it. */
const MAY_BE_STAMPED = /anulad|cancel|void|storniert|annul|draft|rascunho|entwurf|brouillon|borrador|bozza/i;

interface OtherTitle {
  readonly kind: string;
  readonly keys: readonly string[];
}

/** Titles by the first of their words, those of more words first. */
const OTHER_TITLES: ReadonlyMap<string, readonly OtherTitle[]> = Map.groupBy(
  Object.entries(OTHER_KINDS)
    .flatMap(([kind, titles]) => titles.map((title) => ({ kind, keys: title.split(/\s+/).map(keyOf) })))
    .sort((a, b) => b.keys.length - a.keys.length),
  ({ keys }) => keys[0] ?? '',
);

/** A title is this much larger than the usual text, or begins the page's own number. */
const TITLE_SIZE_RATIO = 1.2;

/**
 * Collects the evidence against an invoice: a sentence that says so, a stamp, or a title of another kind that is larger
 * than any invoice's title.
 * @throws Refusal `MAPPING_MISMATCH` in those words, with the page
 */
export function refuseOtherKinds(document: ReadDocument): void {
  const mayDeny = NO_INVOICE.test(document.text);
  const mayBeStamped = MAY_BE_STAMPED.test(document.text);
  for (const line of mayDeny || mayBeStamped ? document.lines : []) {
    if (mayDeny && NO_INVOICE.test(line.text)) throw refusal(`says of itself "${line.text.trim()}"`, line);
    const stamp = mayBeStamped && cellsOf(line).find((cell) => isStamp(cell, line, document));
    if (stamp) throw refusal(`is stamped "${textOf(stamp)}"`, line);
  }
  const found = largestTitle(document);
  if (found?.kind !== undefined) throw refusal(`is ${found.kind} by its title "${found.text}"`, found.line);
}

function refusal(what: string, line: TokenLine): Refusal {
  return new Refusal('MAPPING_MISMATCH', `The document ${what} (page ${line.page}), so it is not converted.`);
}

/** A stamp stands by itself: turned, or larger than the text. */
function isStamp(cell: readonly Token[], line: TokenLine, document: ReadDocument): boolean {
  if (cell.length > 3 || !STAMPS.test(textOf(cell))) return false;
  const size = cell[0]?.word.size ?? 0;
  return line.rotated || size > 1.15 * document.bodySize || /^[^\p{Ll}]+$/u.test(textOf(cell));
}

interface FoundTitle {
  /** Undefined for the title of an invoice. */
  readonly kind: string | undefined;
  readonly text: string;
  readonly size: number;
  readonly line: TokenLine;
}

/** The largest title on the first page; of two as large, the one of an invoice. */
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

/** Points by which labels of one list may stand apart from its edge. */
const SAME_EDGE = 1.5;

/** True for words before a colon that are one of several such labels under one another: `Order:` in a list of facts. */
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
  // The words of a title as printed, without its number.
  const text = textOf(cell.slice(0, other ? other.keys.length : 1));
  // A pro forma invoice says so in its title however small that is printed.
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
