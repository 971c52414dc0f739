import type { XmlElement } from '../rules/xml-tree.ts';
import { every, fileOf, first, identifierAt, textOf } from './by-local-name.ts';
import { allowanceFromUbl, categoryOf, periodFromUbl, ublLineOf } from './from-ubl-lines.ts';
import { addressFromUbl, partyFromUbl, payeeFromUbl } from './from-ubl-parties.ts';
import type { Payment, SemanticInvoice, SupportingDocument, Text } from './semantic-invoice.ts';

/** Reads a UBL 2.1 Invoice or CreditNote by the binding of CEN/TS 16931-3-2. */
export function fromUbl(root: XmlElement): SemanticInvoice {
  const credit = root.name === 'CreditNote';
  const currency = textOf(root, 'DocumentCurrencyCode');
  const documents = every(root, 'AdditionalDocumentReference');
  const ofType = (code: string): XmlElement | undefined =>
    documents.find((document) => textOf(document, 'DocumentTypeCode') === code);
  const object = ofType('130');
  const supplier = first(root, 'AccountingSupplierParty/Party');
  const payee = first(root, 'PayeeParty');
  const representative = first(root, 'TaxRepresentativeParty');
  const delivery = first(root, 'Delivery');
  return {
    number: textOf(root, 'ID'),
    issueDate: textOf(root, 'IssueDate'),
    typeCode: textOf(root, 'InvoiceTypeCode|CreditNoteTypeCode'),
    currency,
    taxCurrency: textOf(root, 'TaxCurrencyCode'),
    taxPointDate: textOf(root, 'TaxPointDate'),
    taxPointCode: textOf(root, 'InvoicePeriod/DescriptionCode'),
    dueDate: textOf(root, credit ? 'PaymentMeans/PaymentDueDate' : 'DueDate'),
    buyerReference: textOf(root, 'BuyerReference'),
    project: credit ? textOf(ofType('50'), 'ID') : textOf(root, 'ProjectReference/ID'),
    contract: textOf(root, 'ContractDocumentReference/ID'),
    order: textOf(root, 'OrderReference/ID'),
    salesOrder: textOf(root, 'OrderReference/SalesOrderID'),
    receivingAdvice: textOf(root, 'ReceiptDocumentReference/ID'),
    despatchAdvice: textOf(root, 'DespatchDocumentReference/ID'),
    tender: textOf(root, 'OriginatorDocumentReference/ID'),
    invoicedObject: object && identifierAt(object, 'ID'),
    buyerAccounting: textOf(root, 'AccountingCost'),
    paymentTerms: textOf(root, 'PaymentTerms/Note'),
    notes: every(root, 'Note').map(({ text }) => noteOf(text)),
    process: textOf(root, 'ProfileID'),
    specification: textOf(root, 'CustomizationID'),
    preceding: every(root, 'BillingReference/InvoiceDocumentReference').map((document) => ({
      number: textOf(document, 'ID'),
      issueDate: textOf(document, 'IssueDate'),
    })),
    seller: partyFromUbl(supplier),
    buyer: partyFromUbl(first(root, 'AccountingCustomerParty/Party')),
    payee: payee && payeeFromUbl(payee),
    taxRepresentative: representative && partyFromUbl(representative),
    delivery: {
      name: textOf(delivery, 'DeliveryParty/PartyName/Name'),
      location: identifierAt(delivery, 'DeliveryLocation/ID'),
      date: textOf(delivery, 'ActualDeliveryDate'),
      address: addressFromUbl(first(delivery, 'DeliveryLocation/Address')),
    },
    period: periodFromUbl(first(root, 'InvoicePeriod')),
    payments: every(root, 'PaymentMeans').map(paymentOf),
    remittance: textOf(root, 'PaymentMeans/PaymentID'),
    creditorId: creditorOf(payee) ?? creditorOf(supplier),
    mandate: textOf(root, 'PaymentMeans/PaymentMandate/ID'),
    allowances: every(root, 'AllowanceCharge').map(allowanceFromUbl),
    totals: totalsOf(root, currency),
    vat: every(taxTotalIn(root, currency), 'TaxSubtotal').map((row) => ({
      basis: textOf(row, 'TaxableAmount'),
      tax: textOf(row, 'TaxAmount'),
      ...categoryOf(first(row, 'TaxCategory')),
      reason: textOf(row, 'TaxCategory/TaxExemptionReason'),
      reasonCode: textOf(row, 'TaxCategory/TaxExemptionReasonCode'),
    })),
    documents: documents
      .filter((document) => textOf(document, 'DocumentTypeCode') === undefined)
      .map(documentOf),
    lines: every(root, 'InvoiceLine|CreditNoteLine').map(ublLineOf),
  };
}

/** Reads a note such as `#AAI#text`. The binding writes the subject code (BT-21) before the text. */
function noteOf(written: string): SemanticInvoice['notes'][number] {
  const parts = /^#([A-Z]{3})#([^]*)$/.exec(written);
  return parts ? { subject: parts[1], text: parts[2] } : { text: written };
}

function creditorOf(party: XmlElement | undefined): Text {
  return every(party, 'PartyIdentification/ID').find(({ attributes }) => attributes['schemeID'] === 'SEPA')
    ?.text;
}

function taxTotalIn(root: XmlElement, currency: Text): XmlElement | undefined {
  const totals = every(root, 'TaxTotal');
  return (
    totals.find((total) => first(total, 'TaxAmount')?.attributes['currencyID'] === currency) ?? totals[0]
  );
}

function totalsOf(root: XmlElement, currency: Text): SemanticInvoice['totals'] {
  const sums = first(root, 'LegalMonetaryTotal');
  const own = taxTotalIn(root, currency);
  const other = every(root, 'TaxTotal').find((total) => total !== own);
  return {
    lines: textOf(sums, 'LineExtensionAmount'),
    allowances: textOf(sums, 'AllowanceTotalAmount'),
    charges: textOf(sums, 'ChargeTotalAmount'),
    net: textOf(sums, 'TaxExclusiveAmount'),
    tax: textOf(own, 'TaxAmount'),
    taxInTaxCurrency: textOf(other, 'TaxAmount'),
    grand: textOf(sums, 'TaxInclusiveAmount'),
    paid: textOf(sums, 'PrepaidAmount'),
    rounding: textOf(sums, 'PayableRoundingAmount'),
    payable: textOf(sums, 'PayableAmount'),
  };
}

function paymentOf(means: XmlElement): Payment {
  const code = first(means, 'PaymentMeansCode');
  const account = first(means, 'PayeeFinancialAccount');
  return {
    code: code?.text,
    text: code?.attributes['name'],
    account: textOf(account, 'ID'),
    accountName: textOf(account, 'Name'),
    bic: textOf(account, 'FinancialInstitutionBranch/ID'),
    cardNumber: textOf(means, 'CardAccount/PrimaryAccountNumberID'),
    cardHolder: textOf(means, 'CardAccount/HolderName'),
    debitedAccount: textOf(means, 'PaymentMandate/PayerFinancialAccount/ID'),
  };
}

function documentOf(document: XmlElement): SupportingDocument {
  return {
    id: textOf(document, 'ID'),
    description: textOf(document, 'DocumentDescription'),
    uri: textOf(document, 'Attachment/ExternalReference/URI'),
    content: fileOf(first(document, 'Attachment/EmbeddedDocumentBinaryObject')),
  };
}
