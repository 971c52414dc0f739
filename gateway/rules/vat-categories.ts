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
  /** Returns the missing number of a party; undefined when no number is missing. */
  readonly parties: (document: UblDocument) => Breach | undefined;
  readonly rate: 'above 0' | '0' | 'none';
  readonly reason: 'required' | 'forbidden';
}

/** Requires the seller's VAT number or tax registration, or its tax representative's VAT number. */
function taxedSeller({ seller, taxRepresentative }: UblDocument): Breach | undefined {
  const number = allAt(seller, 'cac:PartyTaxScheme', 'cbc:CompanyID')[0] ?? vatNumberOf(taxRepresentative);
  return unless(number, 'the tax number of the seller (BT-31, BT-32, BT-63)');
}

/** Requires the VAT number of the seller or of its tax representative. */
function sellerVat({ seller, taxRepresentative }: UblDocument): Breach | undefined {
  const number = vatNumberOf(seller) ?? vatNumberOf(taxRepresentative);
  return unless(number, 'the VAT number of the seller (BT-31, BT-63)');
}

function unless(number: unknown, what: string): Breach | undefined {
  return number === undefined ? missing(what) : undefined;
}

function reverseCharge(document: UblDocument): Breach | undefined {
  const { buyer } = document;
  const known = vatNumberOf(buyer) ?? textAt(buyer, 'cac:PartyLegalEntity', 'cbc:CompanyID');
  return taxedSeller(document) ?? unless(known, 'the VAT or registration number of the buyer (BT-48, BT-47)');
}

function intraCommunity(document: UblDocument): Breach | undefined {
  return sellerVat(document) ?? unless(vatNumberOf(document.buyer), 'the VAT number of the buyer (BT-48)');
}

function noVatNumbers({ seller, buyer, taxRepresentative }: UblDocument): Breach | undefined {
  const found = vatNumberOf(seller) ?? vatNumberOf(taxRepresentative) ?? vatNumberOf(buyer);
  return found === undefined
    ? undefined
    : { what: 'a VAT number (BT-31, BT-48, BT-63)', found, expected: 'what is not subject to VAT has none' };
}

/** The categories that Docket writes, with the rules of each. */
// prettier-ignore
export const CATEGORIES: readonly Category[] = [
  { code: 'S', prefix: 'BR-S', words: 'standard rated', parties: taxedSeller, rate: 'above 0', reason: 'forbidden' },
  { code: 'Z', prefix: 'BR-Z', words: 'zero rated', parties: taxedSeller, rate: '0', reason: 'forbidden' },
  { code: 'E', prefix: 'BR-E', words: 'exempt', parties: taxedSeller, rate: '0', reason: 'required' },
  { code: 'AE', prefix: 'BR-AE', words: 'reverse charge', parties: reverseCharge, rate: '0', reason: 'required' },
  { code: 'K', prefix: 'BR-IC', words: 'intra-community supply', parties: intraCommunity, rate: '0', reason: 'required' },
  { code: 'G', prefix: 'BR-G', words: 'export', parties: sellerVat, rate: '0', reason: 'required' },
  { code: 'O', prefix: 'BR-O', words: 'not subject to VAT', parties: noVatNumbers, rate: 'none', reason: 'required' },
];
