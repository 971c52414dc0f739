import type { Breach } from './rule.ts';
import { missing } from './rule.ts';
import type { UblDocument } from './ubl-document.ts';
import { vatNumberOf } from './ubl-document.ts';
import { allAt, textAt } from './xml-tree.ts';

/**
 * A VAT category (UNTDID 5305), and the requirements of the standard's rules on it. The rules of all categories are
 * numbered alike.
 */
export interface Category {
  readonly code: string;
  /** The start of the rule numbers of the category: `BR-S`, `BR-IC`. */
  readonly prefix: string;
  readonly words: string;
  /** Returns which number of a party is missing; undefined when none is. */
  readonly parties: (document: UblDocument) => Breach | undefined;
  readonly rate: 'above 0' | '0' | 'none';
  readonly reason: 'required' | 'forbidden';
}

/** The seller has a VAT number, a tax registration or a tax representative's VAT number (BT-31, BT-32, BT-63). */
const sellerIsTaxed = ({ seller, taxRepresentative }: UblDocument): boolean =>
  allAt(seller, 'cac:PartyTaxScheme', 'cbc:CompanyID').length > 0 ||
  vatNumberOf(taxRepresentative) !== undefined;

/** The seller or its tax representative has a VAT number (BT-31, BT-63). */
const sellerHasVatNumber = ({ seller, taxRepresentative }: UblDocument): boolean =>
  (vatNumberOf(seller) ?? vatNumberOf(taxRepresentative)) !== undefined;

function taxedSeller(document: UblDocument): Breach | undefined {
  return sellerIsTaxed(document) ? undefined : missing('the tax number of the seller (BT-31, BT-32, BT-63)');
}

function sellerVat(document: UblDocument): Breach | undefined {
  return sellerHasVatNumber(document) ? undefined : missing('the VAT number of the seller (BT-31, BT-63)');
}

function reverseCharge(document: UblDocument): Breach | undefined {
  const { buyer } = document;
  const known = vatNumberOf(buyer) ?? textAt(buyer, 'cac:PartyLegalEntity', 'cbc:CompanyID');
  return (
    taxedSeller(document) ??
    (known === undefined ? missing('the VAT or registration number of the buyer (BT-48, BT-47)') : undefined)
  );
}

function intraCommunity(document: UblDocument): Breach | undefined {
  return (
    sellerVat(document) ??
    (vatNumberOf(document.buyer) === undefined ? missing('the VAT number of the buyer (BT-48)') : undefined)
  );
}

function noVatNumbers({ seller, buyer, taxRepresentative }: UblDocument): Breach | undefined {
  const found = vatNumberOf(seller) ?? vatNumberOf(taxRepresentative) ?? vatNumberOf(buyer);
  return found === undefined
    ? undefined
    : { what: 'a VAT number (BT-31, BT-48, BT-63)', found, expected: 'what is not subject to VAT has none' };
}

/** The categories that Docket writes, with the rules of each. */
export const CATEGORIES: readonly Category[] = [
  {
    code: 'S',
    prefix: 'BR-S',
    words: 'standard rated',
    parties: taxedSeller,
    rate: 'above 0',
    reason: 'forbidden',
  },
  { code: 'Z', prefix: 'BR-Z', words: 'zero rated', parties: taxedSeller, rate: '0', reason: 'forbidden' },
  { code: 'E', prefix: 'BR-E', words: 'exempt', parties: taxedSeller, rate: '0', reason: 'required' },
  {
    code: 'AE',
    prefix: 'BR-AE',
    words: 'reverse charge',
    parties: reverseCharge,
    rate: '0',
    reason: 'required',
  },
  {
    code: 'K',
    prefix: 'BR-IC',
    words: 'intra-community supply',
    parties: intraCommunity,
    rate: '0',
    reason: 'required',
  },
  { code: 'G', prefix: 'BR-G', words: 'export', parties: sellerVat, rate: '0', reason: 'required' },
  {
    code: 'O',
    prefix: 'BR-O',
    words: 'not subject to VAT',
    parties: noVatNumbers,
    rate: 'none',
    reason: 'required',
  },
];
