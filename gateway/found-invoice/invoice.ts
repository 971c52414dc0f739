import type Big from 'big.js';
import type { Found } from '../printed/provenance.ts';

/** A seller or buyer as printed. */
export interface Party {
  readonly name: Found | undefined;
  /** The VAT number, with the country's prefix if the page prints it. */
  readonly vatId: Found | undefined;
  readonly street: Found | undefined;
  readonly postalCode: Found | undefined;
  readonly city: Found | undefined;
  /** Code of ISO 3166-1 alpha-2. */
  readonly country: Found | undefined;
}

/** One line of the document. Amounts are plain decimals. */
export interface InvoiceLine {
  readonly position: number;
  /** The seller's number of the item. */
  readonly code: Found | undefined;
  /** The item's GTIN, if the page prints it beside the seller's number. */
  readonly standardCode?: Found | undefined;
  readonly name: Found | undefined;
  /** The text about the item beside its name, if the page separates name and text. */
  readonly description: Found | undefined;
  readonly qty: Found | undefined;
  readonly unit: Found | undefined;
  readonly price: Found | undefined;
  /** The number of units to which the price applies; undefined means one. */
  readonly priceBase: Found | undefined;
  /** Sum of the allowances (below 0) and charges (above 0) on the line. */
  readonly adjustment: Found | undefined;
  /** Discount in percent. */
  readonly discount: Found | undefined;
  /** Net amount of the line. */
  readonly total: Found | undefined;
  /** Rate of VAT in percent. */
  readonly rate: Found | undefined;
}

/** One rate of the VAT breakdown. */
export interface VatRow {
  /** Rate of VAT in percent. */
  readonly rate: Found;
  readonly basis: Found;
  readonly tax: Found;
  /** UNCL5305 category: S, Z, E, AE, K, G or O. */
  readonly category: VatCategory;
  readonly reason: Found | undefined;
}

/** An allowance or a charge on the whole document, with the row of the breakdown to which it belongs. */
export interface DocumentAllowance {
  readonly isCharge: boolean;
  /** The deducted or added amount. It is negative only in a document with negative totals. */
  readonly amount: Big;
  readonly reason: string;
  readonly row: VatRow;
}

export type VatCategory = 'S' | 'Z' | 'E' | 'AE' | 'K' | 'G' | 'O';

/** The values read from an invoice or credit note, before the result is written. */
export interface Invoice {
  /** Internal document type, such as FT, FR, NC; empty when the page does not print it. */
  readonly documentType: string;
  /** Code of UNTDID 1001. */
  readonly typeCode: string;
  readonly credit: boolean;
  /** True when the page does not tell the type. */
  readonly typeIsAssumed?: boolean;
  readonly currency: Found;
  readonly fields: ReadonlyMap<string, Found>;
  readonly seller: Party;
  readonly buyer: Party;
  readonly lines: readonly InvoiceLine[];
  readonly vat: readonly VatRow[];
  /**
   * The allowances and charges of the document, if the page gives the rate of each. Empty if the page prints only
   * their totals.
   */
  readonly allowances: readonly DocumentAllowance[];
  /** The ATCUD printed on each page, by page number. */
  readonly atcudByPage: ReadonlyMap<number, string>;
  readonly pages: number;
}
