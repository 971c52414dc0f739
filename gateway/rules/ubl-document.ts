import type { XmlElement } from './xml-tree.ts';
import { forgetElements, oncePerElement } from './element-memo.ts';
import { allAt, childrenOf, elementsByName, firstAt, textAt } from './xml-tree.ts';

/** A parsed UBL invoice or credit note, with the parts that many rules read. */
export interface UblDocument {
  readonly root: XmlElement;
  readonly kind: 'Invoice' | 'CreditNote';
  readonly currency: string | undefined;
  readonly seller: XmlElement | undefined;
  readonly buyer: XmlElement | undefined;
  readonly taxRepresentative: XmlElement | undefined;
  readonly lines: readonly XmlElement[];
  /** The allowances on the whole document (BG-20). */
  readonly allowances: readonly XmlElement[];
  /** The charges on the whole document (BG-21). */
  readonly charges: readonly XmlElement[];
  /** The totals of the document (BG-22). */
  readonly totals: XmlElement | undefined;
  /** The VAT breakdown (BG-23) of every TaxTotal. */
  readonly breakdown: readonly XmlElement[];
  /** The VAT categories of lines, allowances, charges and the breakdown. */
  readonly categories: ReadonlySet<string>;
  /** Every element of the document by its name, in document order. */
  readonly byName: ReadonlyMap<string, readonly XmlElement[]>;
}

/** Makes a document of its root; undefined when it is no UBL invoice or credit note. */
export function ublDocument(root: XmlElement | undefined): UblDocument | undefined {
  forgetElements();
  if (root === undefined || (root.name !== 'Invoice' && root.name !== 'CreditNote')) return undefined;
  const onDocument = childrenOf(root, 'cac:AllowanceCharge');
  const lines = childrenOf(root, `cac:${root.name}Line`);
  const breakdown = allAt(root, 'cac:TaxTotal', 'cac:TaxSubtotal');
  return {
    root,
    kind: root.name,
    currency: textAt(root, 'cbc:DocumentCurrencyCode'),
    seller: firstAt(root, 'cac:AccountingSupplierParty', 'cac:Party'),
    buyer: firstAt(root, 'cac:AccountingCustomerParty', 'cac:Party'),
    taxRepresentative: firstAt(root, 'cac:TaxRepresentativeParty'),
    lines,
    allowances: onDocument.filter((each) => isCharge(each) === false),
    charges: onDocument.filter((each) => isCharge(each) === true),
    totals: firstAt(root, 'cac:LegalMonetaryTotal'),
    breakdown,
    categories: new Set([...lines, ...onDocument, ...breakdown].flatMap((part) => categoryOf(part) ?? [])),
    byName: elementsByName(root),
  };
}

/** True for a charge and false for an allowance; undefined when the element does not say. */
export function isCharge(allowanceCharge: XmlElement): boolean | undefined {
  const indicator = textAt(allowanceCharge, 'cbc:ChargeIndicator');
  if (indicator === 'true' || indicator === '1') return true;
  return indicator === 'false' || indicator === '0' ? false : undefined;
}

/** Returns the allowances (BG-27) or charges (BG-28) of a line. */
export function chargesOfLine(line: XmlElement, kind: 'allowance' | 'charge'): readonly XmlElement[] {
  const all = childrenOf(line, 'cac:AllowanceCharge');
  return all.length === 0 ? all : all.filter((each) => isCharge(each) === (kind === 'charge'));
}

/** Returns the quantity of a line (BT-129). The name of its element depends on the kind of document. */
export function quantityOf(line: XmlElement): XmlElement | undefined {
  return firstAt(line, 'cbc:InvoicedQuantity') ?? firstAt(line, 'cbc:CreditedQuantity');
}

/** The reason of an allowance or charge, as text or as code. */
export function reasonOf(allowanceCharge: XmlElement): string | undefined {
  return (
    textAt(allowanceCharge, 'cbc:AllowanceChargeReason') ??
    textAt(allowanceCharge, 'cbc:AllowanceChargeReasonCode')
  );
}

/** True for VAT. The binding writes `VAT` as the scheme of each tax. */
export function isVat(withScheme: XmlElement): boolean {
  return textAt(withScheme, 'cac:TaxScheme', 'cbc:ID')?.toUpperCase() === 'VAT';
}

/** The VAT category code of a line, allowance, charge or breakdown row (BT-151, BT-95, BT-102, BT-118). */
export const categoryOf = oncePerElement((part): string | undefined => textAt(vatCategoryOf(part), 'cbc:ID'));

/** The VAT category of a line, allowance, charge or breakdown row. */
export const vatCategoryOf = oncePerElement((part): XmlElement | undefined => {
  const categories = part.name.endsWith('Line')
    ? allAt(part, 'cac:Item', 'cac:ClassifiedTaxCategory')
    : childrenOf(part, 'cac:TaxCategory');
  return categories.find(isVat);
});

/** Returns the VAT number of a party (BT-31, BT-48, BT-63). */
export function vatNumberOf(party: XmlElement | undefined): string | undefined {
  return childrenOf(party, 'cac:PartyTaxScheme')
    .filter(isVat)
    .map((scheme) => textAt(scheme, 'cbc:CompanyID'))
    .find((number) => number !== undefined);
}

const ownName = oncePerElement((line) => {
  const id = textAt(line, 'cbc:ID');
  return id === undefined ? undefined : `line ${id}`;
});

/** Returns `line 3`, by the line's own identifier, else by its position. */
export function lineName(document: UblDocument, line: XmlElement): string {
  return ownName(line) ?? `line at place ${document.lines.indexOf(line) + 1}`;
}
