import Big from 'big.js';
import type { XmlNode } from '../output/xml-writer.ts';
import { writeXml } from '../output/xml-writer.ts';
import { isDecimal } from '../rules/decimal.ts';
import type { Address, SemanticInvoice, SemanticLine, VatBreakdown } from './semantic-invoice.ts';
import { ublNode } from './to-ubl.ts';

/** BT-24 of CIUS-PT 2.1.1 (eSPap, rule DT-CIUS-PT-022). */
const CIUS_PT = 'urn:cen.eu:en16931:2017#compliant#urn:feap.gov.pt:CIUS-PT:2.1.1';

/**
 * Writes an invoice as UBL by CIUS-PT, the specification of the Portuguese public sector. The values are the same, in
 * the forms that CIUS-PT requires (ADR 0176). `brokenRules` checks whether the result keeps the rules of CIUS-PT.
 */
export function toCiusPt(invoice: SemanticInvoice): string {
  return writeXml(inForm(ublNode(adapted(invoice))));
}

function adapted(invoice: SemanticInvoice): SemanticInvoice {
  const vat = invoice.vat.map(withReasonInWords);
  return {
    ...invoice,
    specification: CIUS_PT,
    delivery: { ...invoice.delivery, address: deliveredTo(invoice) },
    vat,
    lines: invoice.lines.map((line) => withReason(line, vat)),
  };
}

/**
 * Returns the address of delivery, which CIUS-PT requires in every document (BR-CIUS-PT-66). A document without an
 * address of delivery gets the buyer's address. A place that the document states is not changed, even when it is only
 * a part of an address.
 */
function deliveredTo({ delivery, buyer }: SemanticInvoice): Address | undefined {
  const { address, location, name } = delivery;
  if (location !== undefined || name !== undefined) return address;
  const others = address === undefined ? [] : [address.line1, address.city, address.postalCode];
  const isCountryAlone = others.every((part) => part === undefined);
  const isBuyers = address === undefined || address.country === buyer.address?.country;
  return isCountryAlone && isBuyers ? buyer.address : address;
}

/**
 * Puts the code of an exemption into its reason in words. CIUS-PT allows codes of at most five characters
 * (DT-CIUS-PT-108). EN 16931 allows only the longer codes of the list VATEX (BR-CL-22). So no code satisfies both
 * rules.
 */
function withReasonInWords(row: VatBreakdown): VatBreakdown {
  return { ...row, reasonCode: undefined, reason: row.reason ?? row.reasonCode };
}

/**
 * Gives an exempt line its reason (BR-CIUS-PT-17). The reason comes from the only row of the breakdown to which the
 * line can belong. The reason is in words, because the code of a line must also be in the breakdown (DT-CIUS-PT-176).
 */
function withReason(line: SemanticLine, vat: readonly VatBreakdown[]): SemanticLine {
  const exempt = vat.filter(({ category }) => category === 'E');
  const reason = exempt[0]?.reason;
  const isSaid = line.attributes.some(({ name }) => name?.startsWith('#TAXEXEMPTIONREASON') === true);
  if (line.category !== 'E' || exempt.length !== 1 || reason === undefined || isSaid) return line;
  const said = { name: '#TAXEXEMPTIONREASON@CLASSIFIEDTAXCATEGORY#', value: reason };
  return { ...line, attributes: [...line.attributes, said] };
}

/**
 * The least number of decimals by element (DT-CIUS-PT-106.1, 117.1, 125.1, 130.1 and similar rules). Amounts have at
 * least two.
 */
const DECIMALS: Readonly<Record<string, number>> = {
  'cbc:Percent': 2,
  'cbc:MultiplierFactorNumeric': 2,
  'cbc:InvoicedQuantity': 3,
  'cbc:CreditedQuantity': 3,
  'cbc:BaseQuantity': 3,
};
const AMOUNT_DECIMALS = 2;

/** Adds zeros to a value with too few decimals. It never rounds. */
function inForm(node: XmlNode): XmlNode {
  if (node.children !== undefined) return { ...node, children: node.children.map(inForm) };
  const isAmount = node.attributes?.['currencyID'] !== undefined;
  const fewest = isAmount ? AMOUNT_DECIMALS : DECIMALS[node.name];
  if (fewest === undefined || node.text === undefined || !isDecimal(node.text)) return node;
  const value = new Big(node.text);
  const kept = value.toFixed().split('.')[1]?.length ?? 0;
  return { ...node, text: value.toFixed(Math.max(fewest, kept)) };
}
