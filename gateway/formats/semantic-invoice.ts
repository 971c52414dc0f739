/**
 * An invoice in the terms of EN 16931-1, whatever its syntax. The standard defines numbers such as BT-1. Texts are
 * not changed. Amounts, quantities and rates are decimals as text, and dates are YYYY-MM-DD.
 */
export interface SemanticInvoice {
  readonly number?: Text;
  readonly issueDate?: Text;
  readonly typeCode?: Text;
  readonly currency?: Text;
  /** The VAT accounting currency (BT-6) and the VAT in that currency (BT-111). */
  readonly taxCurrency?: Text;
  readonly taxPointDate?: Text;
  /** BT-8 as UNTDID 2005: 3, 35 or 432. */
  readonly taxPointCode?: Text;
  readonly dueDate?: Text;
  readonly buyerReference?: Text;
  readonly project?: Text;
  readonly contract?: Text;
  readonly order?: Text;
  readonly salesOrder?: Text;
  readonly receivingAdvice?: Text;
  readonly despatchAdvice?: Text;
  readonly tender?: Text;
  readonly invoicedObject?: Identifier | undefined;
  readonly buyerAccounting?: Text;
  readonly paymentTerms?: Text;
  readonly notes: readonly { readonly subject?: Text; readonly text: Text }[];
  readonly process?: Text;
  readonly specification?: Text;
  readonly preceding: readonly { readonly number?: Text; readonly issueDate: Text }[];
  readonly seller: SemanticParty;
  readonly buyer: SemanticParty;
  readonly payee?: Payee | undefined;
  readonly taxRepresentative?: SemanticParty | undefined;
  readonly delivery: Delivery;
  readonly period?: Period | undefined;
  readonly payments: readonly Payment[];
  readonly remittance?: Text;
  readonly creditorId?: Text;
  readonly mandate?: Text;
  readonly allowances: readonly AllowanceOrCharge[];
  readonly totals: Totals;
  readonly vat: readonly VatBreakdown[];
  readonly documents: readonly SupportingDocument[];
  readonly lines: readonly SemanticLine[];
}

export type Text = string | undefined;

export interface Identifier {
  readonly value: string;
  readonly scheme?: Text;
  /** The version of the code list of a classification (BT-158-2). */
  readonly version?: Text;
}

export interface Address {
  readonly line1?: Text;
  readonly line2?: Text;
  readonly line3?: Text;
  readonly city?: Text;
  readonly postalCode?: Text;
  readonly subdivision?: Text;
  /** The country as a code of ISO 3166-1 alpha-2. */
  readonly country?: Text;
}

export interface SemanticParty {
  readonly name?: Text;
  readonly tradingName?: Text;
  readonly ids: readonly Identifier[];
  readonly registration?: Identifier | undefined;
  readonly vatId?: Text;
  readonly taxRegistration?: Text;
  readonly legalInformation?: Text;
  readonly electronicAddress?: Identifier | undefined;
  readonly address?: Address | undefined;
  readonly contact?: { readonly name?: Text; readonly phone?: Text; readonly email: Text } | undefined;
}

export interface Payee {
  readonly name?: Text;
  readonly ids: readonly Identifier[];
  readonly registration?: Identifier | undefined;
}

export interface Delivery {
  readonly name?: Text;
  readonly location?: Identifier | undefined;
  readonly date?: Text;
  readonly address?: Address | undefined;
}

export interface Period {
  readonly start?: Text;
  readonly end?: Text;
}

/** One means of payment: BG-16 with one account, card or direct debit. */
export interface Payment {
  readonly code?: Text;
  readonly text?: Text;
  readonly account?: Text;
  readonly accountName?: Text;
  readonly bic?: Text;
  readonly cardNumber?: Text;
  readonly cardHolder?: Text;
  readonly debitedAccount?: Text;
}

export interface AllowanceOrCharge {
  readonly isCharge: boolean;
  readonly amount?: Text;
  readonly base?: Text;
  readonly percent?: Text;
  readonly reason?: Text;
  readonly reasonCode?: Text;
  /** Only for an allowance or charge on the whole document. */
  readonly category?: Text;
  readonly rate?: Text;
}

export interface Totals {
  readonly lines?: Text;
  readonly allowances?: Text;
  readonly charges?: Text;
  readonly net?: Text;
  readonly tax?: Text;
  readonly taxInTaxCurrency?: Text;
  readonly grand?: Text;
  readonly paid?: Text;
  readonly rounding?: Text;
  readonly payable?: Text;
}

export interface VatBreakdown {
  readonly basis?: Text;
  readonly tax?: Text;
  readonly category?: Text;
  readonly rate?: Text;
  readonly reason?: Text;
  readonly reasonCode?: Text;
}

export interface SupportingDocument {
  readonly id?: Text;
  readonly description?: Text;
  readonly uri?: Text;
  readonly content?:
    { readonly base64: string; readonly mediaType?: Text; readonly filename?: Text } | undefined;
}

export interface SemanticLine {
  readonly id?: Text;
  readonly note?: Text;
  readonly object?: Identifier | undefined;
  readonly quantity?: Text;
  readonly unit?: Text;
  readonly net?: Text;
  readonly orderLine?: Text;
  readonly buyerAccounting?: Text;
  readonly period?: Period | undefined;
  readonly allowances: readonly AllowanceOrCharge[];
  readonly price?: Text;
  readonly priceDiscount?: Text;
  readonly grossPrice?: Text;
  readonly baseQuantity?: Text;
  readonly baseUnit?: Text;
  readonly category?: Text;
  readonly rate?: Text;
  readonly name?: Text;
  readonly description?: Text;
  readonly sellerCode?: Text;
  readonly buyerCode?: Text;
  readonly standardCode?: Identifier | undefined;
  readonly classifications: readonly Identifier[];
  readonly originCountry?: Text;
  readonly attributes: readonly { readonly name?: Text; readonly value: Text }[];
}
