import type Big from 'big.js';
import type { Found } from '../printed/provenance.ts';

/** A seller or buyer as printed. */
export interface Party {
  readonly name: Found | undefined;
  /** Country prefix included where one is printed. */
  readonly vatId: Found | undefined;
  readonly street: Found | undefined;
  readonly postalCode: Found | undefined;
  readonly city: Found | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly country: Found | undefined;
}

/** One line of the document. Amounts are plain decimals. */
export interface InvoiceLine {
  readonly position: number;
  /** The seller's number of the item. */
  readonly code: Found | undefined;
  /** The item's GTIN, where the page says it beside the seller's number. */
  readonly standardCode?: Found | undefined;
  readonly name: Found | undefined;
  /** What the page says of the item beside its name, where it keeps the two apart. */
  readonly description: Found | undefined;
  readonly qty: Found | undefined;
  readonly unit: Found | undefined;
  readonly price: Found | undefined;
  /** How many of the unit the price is for; one where it is undefined. */
  readonly priceBase: Found | undefined;
  /** Allowances (below 0) and charges (above 0) on the line, added up. */
  readonly adjustment: Found | undefined;
  /** Percent. */
  readonly discount: Found | undefined;
  /** Net amount of the line. */
  readonly total: Found | undefined;
  /** Percent. */
  readonly rate: Found | undefined;
}

/** One rate of the VAT breakdown. */
export interface VatRow {
  /** Percent. */
  readonly rate: Found;
  readonly basis: Found;
  readonly tax: Found;
  /** UNCL5305 category: S, Z, E, AE, K, G or O. */
  readonly category: VatCategory;
  readonly reason: Found | undefined;
}

/** An allowance or a charge on the whole document, with the row of the breakdown that it falls on. */
export interface DocumentAllowance {
  readonly isCharge: boolean;
  /** Taken off or added; negative only in a document whose totals are. */
  readonly amount: Big;
  readonly reason: string;
  readonly row: VatRow;
}

export type VatCategory = 'S' | 'Z' | 'E' | 'AE' | 'K' | 'G' | 'O';

/** What was read from an invoice or credit note, before it is written. */
export interface Invoice {
  /** Internal document type, for example FT, FR, NC; empty when the document does not say. */
  readonly documentType: string;
  /** UNTDID 1001. */
  readonly typeCode: string;
  readonly credit: boolean;
  /** True when nothing on the page says the type. */
  readonly typeIsAssumed?: boolean;
  readonly currency: Found;
  readonly fields: ReadonlyMap<string, Found>;
  readonly seller: Party;
  readonly buyer: Party;
  readonly lines: readonly InvoiceLine[];
  readonly vat: readonly VatRow[];
  /** Where the page says the rate of each; empty where it says their totals alone. */
  readonly allowances: readonly DocumentAllowance[];
  /** ATCUD as found on each page, by page number. */
  readonly atcudByPage: ReadonlyMap<number, string>;
  readonly pages: number;
}
