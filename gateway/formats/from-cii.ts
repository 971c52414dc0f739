import type { XmlElement } from '../rules/xml-tree.ts';
import { every, fileOf, first, identifierAt, textOf, withListedScheme } from './by-local-name.ts';
import { allowanceOf, dateAt, logisticsCharge, periodOf } from './cii-parts.ts';
import { lineOf, objectOf } from './from-cii-lines.ts';
import { addressOf, partyOf, payeeOf } from './from-cii-parties.ts';
import type {
  Identifier,
  Payee,
  Payment,
  SemanticInvoice,
  SemanticParty,
  SupportingDocument,
  Text,
  VatBreakdown,
} from './semantic-invoice.ts';

/** ZUGFeRD 1 used the second name of each pair. Factur-X later gave the same parts shorter names. */
const TRADE = 'SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction';
const AGREEMENT = 'ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement';
const DELIVERY = 'ApplicableHeaderTradeDelivery|ApplicableSupplyChainTradeDelivery';
const SETTLEMENT = 'ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement';
const SUMS = 'SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation';

/** Codes of BT-8: from UNTDID 2475, which CII uses, to UNTDID 2005. */
const TAX_POINT: Readonly<Record<string, string>> = { 5: '3', 29: '35', 72: '432' };

/** Reads a CrossIndustryInvoice (CEN/TS 16931-3-3), or the CrossIndustryDocument of ZUGFeRD 1. */
export function fromCii(root: XmlElement): SemanticInvoice {
  const context = first(root, 'ExchangedDocumentContext|SpecifiedExchangedDocumentContext');
  const header = first(root, 'ExchangedDocument|HeaderExchangedDocument');
  const trade = first(root, TRADE);
  const agreement = first(trade, AGREEMENT);
  const delivery = first(trade, DELIVERY);
  const settlement = first(trade, SETTLEMENT);
  const terms = every(settlement, 'SpecifiedTradePaymentTerms');
  const taxes = every(settlement, 'ApplicableTradeTax');
  const shipTo = first(delivery, 'ShipToTradeParty');
  const location = identifierAt(shipTo, 'GlobalID') ?? identifierAt(shipTo, 'ID');
  const representative = first(agreement, 'SellerTaxRepresentativeTradeParty');
  const referenced = every(agreement, 'AdditionalReferencedDocument');
  const ofType = (code: string): XmlElement | undefined =>
    referenced.find((document) => textOf(document, 'TypeCode') === code);
  const currency = textOf(settlement, 'InvoiceCurrencyCode');
  const vat = taxes.map(vatOf);
  const seller = partyOf(first(agreement, 'SellerTradeParty'));
  return {
    number: textOf(header, 'ID'),
    issueDate: dateAt(header, 'IssueDateTime'),
    typeCode: textOf(header, 'TypeCode'),
    currency,
    taxCurrency: textOf(settlement, 'TaxCurrencyCode'),
    taxPointDate: taxes.map((tax) => dateAt(tax, 'TaxPointDate')).find((date) => date !== undefined),
    taxPointCode: TAX_POINT[textOf(settlement, 'ApplicableTradeTax/DueDateTypeCode') ?? ''],
    dueDate: dueDateOf(terms),
    buyerReference: textOf(agreement, 'BuyerReference'),
    project: textOf(agreement, 'SpecifiedProcuringProject/ID'),
    contract: textOf(agreement, 'ContractReferencedDocument/IssuerAssignedID|ID'),
    order: textOf(agreement, 'BuyerOrderReferencedDocument/IssuerAssignedID|ID'),
    salesOrder: textOf(agreement, 'SellerOrderReferencedDocument/IssuerAssignedID|ID'),
    receivingAdvice: textOf(delivery, 'ReceivingAdviceReferencedDocument/IssuerAssignedID|ID'),
    despatchAdvice: textOf(delivery, 'DespatchAdviceReferencedDocument/IssuerAssignedID|ID'),
    tender: textOf(ofType('50'), 'IssuerAssignedID'),
    invoicedObject: objectOf(ofType('130')),
    buyerAccounting: textOf(settlement, 'ReceivableSpecifiedTradeAccountingAccount/ID'),
    paymentTerms: terms.flatMap((each) => textOf(each, 'Description') ?? []).join('\n') || undefined,
    notes: every(header, 'IncludedNote').map((note) => ({
      subject: textOf(note, 'SubjectCode'),
      text: textOf(note, 'Content'),
    })),
    process: textOf(context, 'BusinessProcessSpecifiedDocumentContextParameter/ID'),
    specification: textOf(context, 'GuidelineSpecifiedDocumentContextParameter/ID'),
    preceding: every(settlement, 'InvoiceReferencedDocument').map((document) => ({
      number: textOf(document, 'IssuerAssignedID'),
      issueDate: dateAt(document, 'FormattedIssueDateTime'),
    })),
    seller,
    buyer: withOneId(partyOf(first(agreement, 'BuyerTradeParty'))),
    payee: payeeApart(payeeOf(first(settlement, 'PayeeTradeParty')), seller),
    taxRepresentative: representative && partyOf(representative),
    delivery: {
      name: textOf(shipTo, 'Name'),
      location: location && withListedScheme(location),
      date: dateAt(first(delivery, 'ActualDeliverySupplyChainEvent'), 'OccurrenceDateTime'),
      address: addressOf(shipTo),
    },
    period: periodOf(first(settlement, 'BillingSpecifiedPeriod')),
    payments: every(settlement, 'SpecifiedTradeSettlementPaymentMeans').map(paymentOf),
    remittance: textOf(settlement, 'PaymentReference'),
    creditorId: textOf(settlement, 'CreditorReferenceID'),
    mandate: terms.map((each) => textOf(each, 'DirectDebitMandateID')).find((id) => id !== undefined),
    allowances: [
      ...every(settlement, 'SpecifiedTradeAllowanceCharge').map(allowanceOf),
      ...every(settlement, 'SpecifiedLogisticsServiceCharge').map(logisticsCharge),
    ],
    totals: totalsOf(settlement, currency),
    vat,
    documents: referenced.filter((document) => textOf(document, 'TypeCode') === '916').map(documentOf),
    lines: every(trade, 'IncludedSupplyChainTradeLineItem')
      .filter(isCharged)
      .map((line) => lineOf(line, vat)),
  };
}

/** The extended profile may have several payment terms. The whole amount is due on the date without a discount. */
function dueDateOf(terms: readonly XmlElement[]): Text {
  const dated = terms.filter((each) => first(each, 'DueDateDateTime'));
  const net = dated.find((each) => !first(each, 'ApplicableTradePaymentDiscountTerms'));
  return dateAt(net ?? dated.at(-1), 'DueDateDateTime');
}

/**
 * False for a line of the extended profile that is a title or a note under another line. Such lines are not added up
 * (Factur-X, BT-X-8).
 */
function isCharged(line: XmlElement): boolean {
  const document = first(line, 'AssociatedDocumentLineDocument');
  return !['GROUP', 'INFORMATION'].includes(textOf(document, 'LineStatusReasonCode') ?? '');
}

/** Keeps one identifier, because the core of the standard allows only one for a buyer or payee (BT-46, BT-60). */
function withOneId<T extends { readonly ids: readonly Identifier[] }>(party: T): T {
  return { ...party, ids: party.ids.slice(0, 1) };
}

/** Returns the payee only if the payee is not the seller (BR-17). */
function payeeApart(payee: Payee | undefined, seller: SemanticParty): Payee | undefined {
  return payee === undefined || payee.name === seller.name ? undefined : withOneId(payee);
}

function totalsOf(
  settlement: XmlElement | undefined,
  currency: string | undefined,
): SemanticInvoice['totals'] {
  const sums = first(settlement, SUMS);
  const taxes = every(sums, 'TaxTotalAmount');
  const inCurrency = taxes.find(({ attributes: { currencyID } }) => currencyID === currency) ?? taxes[0];
  const other = taxes.find((tax) => tax !== inCurrency);
  return {
    lines: textOf(sums, 'LineTotalAmount'),
    allowances: textOf(sums, 'AllowanceTotalAmount'),
    charges: textOf(sums, 'ChargeTotalAmount'),
    net: textOf(sums, 'TaxBasisTotalAmount'),
    tax: inCurrency?.text,
    taxInTaxCurrency: other?.text,
    grand: textOf(sums, 'GrandTotalAmount'),
    paid: textOf(sums, 'TotalPrepaidAmount'),
    rounding: textOf(sums, 'RoundingAmount'),
    payable: textOf(sums, 'DuePayableAmount'),
  };
}

/** The basic profile of ZUGFeRD 1 has no category. In it, an item with a rate is standard rated (UNCL5305, S). */
function vatOf(tax: XmlElement): VatBreakdown {
  const rate = textOf(tax, 'RateApplicablePercent|ApplicablePercent');
  return {
    basis: textOf(tax, 'BasisAmount'),
    tax: textOf(tax, 'CalculatedAmount'),
    category: textOf(tax, 'CategoryCode') ?? (Number(rate) > 0 ? 'S' : undefined),
    rate,
    reason: textOf(tax, 'ExemptionReason'),
    reasonCode: textOf(tax, 'ExemptionReasonCode'),
  };
}

function paymentOf(means: XmlElement): Payment {
  const account = first(means, 'PayeePartyCreditorFinancialAccount');
  const card = first(means, 'ApplicableTradeSettlementFinancialCard');
  return {
    code: textOf(means, 'TypeCode'),
    text: textOf(means, 'Information'),
    account: textOf(account, 'IBANID') ?? textOf(account, 'ProprietaryID'),
    accountName: textOf(account, 'AccountName'),
    bic: textOf(means, 'PayeeSpecifiedCreditorFinancialInstitution/BICID'),
    cardNumber: textOf(card, 'ID'),
    cardHolder: textOf(card, 'CardholderName'),
    debitedAccount: textOf(means, 'PayerPartyDebtorFinancialAccount/IBANID'),
  };
}

function documentOf(document: XmlElement): SupportingDocument {
  return {
    id: textOf(document, 'IssuerAssignedID'),
    description: textOf(document, 'Name'),
    uri: textOf(document, 'URIID'),
    content: fileOf(first(document, 'AttachmentBinaryObject')),
  };
}
