import type { Maybe } from '../output/ubl-nodes.ts';
import { group, text } from '../output/ubl-nodes.ts';
import type { XmlNode } from '../output/xml-writer.ts';
import { writeXml } from '../output/xml-writer.ts';
import { isNothing, plainDecimal } from './decimals.ts';
import type { Payment, SemanticInvoice } from './semantic-invoice.ts';
import { ublLine } from './to-ubl-lines.ts';
import { country, partyNode, payeeNode, postalAddress, representativeNode } from './to-ubl-parties.ts';
import {
  allowanceNode,
  amountNode,
  documentNode,
  identifierNode,
  periodNode,
  taxCategory,
} from './ubl-parts.ts';

/** UNTDID 1001 codes that the UBL binding writes as a credit note (EN 16931-3-2, BT-3). */
const CREDIT_NOTES: ReadonlySet<string> = new Set('81 83 261 262 296 308 381 396 420 458 532'.split(' '));

const UBL = 'urn:oasis:names:specification:ubl:schema:xsd';
const CORE = 'urn:cen.eu:en16931:2017';

/**
 * Writes an invoice or credit note as UBL 2.1 by the binding of CEN/TS 16931-3-2, with the elements in the order of the
 * schema.
 */
export function toUbl(invoice: SemanticInvoice): string {
  const lines = invoice.lines.map((line) => ({ ...line, price: plainDecimal(line.price) }));
  return writeXml(ublNode({ ...invoice, specification: specification(invoice.specification), lines }));
}

/**
 * Makes the elements of the UBL document.
 * @param more.credit whether it is a credit note; by default its type decides
 * @param more.withheld the total of the tax that the buyer withholds, which the standard's model has not
 */
export function ublNode(
  invoice: SemanticInvoice,
  more: { readonly credit?: boolean; readonly withheld?: Maybe } = {},
): XmlNode {
  const credit = more.credit ?? CREDIT_NOTES.has(invoice.typeCode ?? '');
  const root = credit ? 'CreditNote' : 'Invoice';
  const children = [
    ...head(invoice, credit),
    ...references(invoice, credit),
    ...body(invoice, credit, more.withheld),
  ];
  return {
    name: root,
    attributes: { xmlns: `${UBL}:${root}-2` },
    namespaces: { cac: `${UBL}:CommonAggregateComponents-2`, cbc: `${UBL}:CommonBasicComponents-2` },
    children: children.flat().filter((child) => child !== undefined),
  };
}

type Nodes = (Maybe | readonly Maybe[])[];

function head(invoice: SemanticInvoice, credit: boolean): Nodes {
  const { taxPointCode, period } = invoice;
  const notes = invoice.notes.map(({ subject, text: note }) =>
    text('Note', subject === undefined ? note : `#${subject}#${note ?? ''}`),
  );
  const point = text('TaxPointDate', invoice.taxPointDate);
  return [
    text('CustomizationID', invoice.specification),
    text('ProfileID', invoice.process),
    text('ID', invoice.number),
    text('IssueDate', invoice.issueDate),
    credit ? point : text('DueDate', invoice.dueDate),
    text(credit ? 'CreditNoteTypeCode' : 'InvoiceTypeCode', invoice.typeCode),
    notes,
    credit ? undefined : point,
    text('DocumentCurrencyCode', invoice.currency),
    text('TaxCurrencyCode', invoice.taxCurrency),
    text('AccountingCost', invoice.buyerAccounting),
    text('BuyerReference', invoice.buyerReference),
    periodNode(period, taxPointCode),
  ];
}

/**
 * Returns the specification identifier (BT-24). A national specification of UBL is kept. A profile of CII is replaced
 * by the core of the standard.
 */
function specification(written: string | undefined): string {
  return written !== undefined && /xrechnung|fdc:peppol|cius-pt/i.test(written) ? written : CORE;
}

function references(invoice: SemanticInvoice, credit: boolean): Nodes {
  const { order, salesOrder, project, invoicedObject } = invoice;
  const reference = (name: string, id: string | undefined): Maybe => group(name, text('ID', id));
  const additional = [
    credit && project !== undefined
      ? group('AdditionalDocumentReference', text('ID', project), text('DocumentTypeCode', '50'))
      : undefined,
    invoicedObject &&
      group(
        'AdditionalDocumentReference',
        identifierNode('ID', invoicedObject),
        text('DocumentTypeCode', '130'),
      ),
    ...invoice.documents.map(documentNode),
  ];
  const tender = reference('OriginatorDocumentReference', invoice.tender);
  return [
    order === undefined && salesOrder === undefined
      ? undefined
      : // An order reference must have an ID; the binding writes NA where only the seller's own is known.
        group('OrderReference', text('ID', order ?? 'NA'), text('SalesOrderID', salesOrder)),
    invoice.preceding.map(({ number, issueDate }) =>
      group(
        'BillingReference',
        group('InvoiceDocumentReference', text('ID', number), text('IssueDate', issueDate)),
      ),
    ),
    reference('DespatchDocumentReference', invoice.despatchAdvice),
    reference('ReceiptDocumentReference', invoice.receivingAdvice),
    credit ? undefined : tender,
    reference('ContractDocumentReference', invoice.contract),
    additional,
    credit ? tender : reference('ProjectReference', project),
  ];
}

function body(invoice: SemanticInvoice, credit: boolean, withheld: Maybe): Nodes {
  const currency = invoice.currency ?? '';
  const { payee, taxRepresentative } = invoice;
  return [
    partyNode('AccountingSupplierParty', invoice.seller, payee ? undefined : invoice.creditorId),
    partyNode('AccountingCustomerParty', invoice.buyer, undefined),
    payee && payeeNode(payee, invoice.creditorId),
    taxRepresentative && representativeNode(taxRepresentative),
    deliveryNode(invoice),
    paymentNodes(invoice, credit),
    group('PaymentTerms', text('Note', invoice.paymentTerms)),
    invoice.allowances.map((part) => allowanceNode(part, currency)),
    taxTotals(invoice, currency),
    withheld,
    monetaryTotal(invoice, currency),
    invoice.lines.map((line) => ublLine(line, currency, credit)),
  ];
}

function deliveryNode({ delivery }: SemanticInvoice): Maybe {
  const { location, address, name } = delivery;
  return group(
    'Delivery',
    text('ActualDeliveryDate', delivery.date),
    group(
      'DeliveryLocation',
      location && identifierNode('ID', location),
      address && group('Address', postalAddress(address), country(address)),
    ),
    group('DeliveryParty', group('PartyName', text('Name', name))),
  );
}

/**
 * Code 1 of UNCL4461 means "not defined". An invoice without a means of payment needs this element for its other data
 * of payment.
 */
const NO_MEANS = '1';

function paymentNodes(invoice: SemanticInvoice, credit: boolean): Maybe[] {
  const due = credit ? invoice.dueDate : undefined;
  const { remittance } = invoice;
  const isNeeded = due !== undefined || remittance !== undefined || invoice.mandate !== undefined;
  const payments: readonly Partial<Payment>[] =
    invoice.payments.length === 0 && isNeeded ? [{ code: NO_MEANS }] : invoice.payments;
  return payments.map((payment, i) =>
    group(
      'PaymentMeans',
      text('PaymentMeansCode', payment.code, payment.text === undefined ? undefined : { name: payment.text }),
      text('PaymentDueDate', due),
      text('PaymentID', remittance),
      payment.cardNumber === undefined
        ? undefined
        : group(
            'CardAccount',
            text('PrimaryAccountNumberID', payment.cardNumber),
            text('NetworkID', 'NA'),
            text('HolderName', payment.cardHolder),
          ),
      group(
        'PayeeFinancialAccount',
        text('ID', payment.account),
        text('Name', payment.accountName),
        group('FinancialInstitutionBranch', text('ID', payment.bic)),
      ),
      // A document has at most one mandate (UBL-SR-55).
      i > 0
        ? undefined
        : group(
            'PaymentMandate',
            text('ID', invoice.mandate),
            group('PayerFinancialAccount', text('ID', payment.debitedAccount)),
          ),
    ),
  );
}

function taxTotals({ totals, vat, taxCurrency }: SemanticInvoice, currency: string): Maybe[] {
  const second =
    totals.taxInTaxCurrency === undefined || taxCurrency === undefined
      ? undefined
      : group('TaxTotal', amountNode('TaxAmount', totals.taxInTaxCurrency, taxCurrency));
  const first = group(
    'TaxTotal',
    amountNode('TaxAmount', totals.tax, currency),
    vat.map((row) =>
      group(
        'TaxSubtotal',
        amountNode('TaxableAmount', row.basis, currency),
        amountNode('TaxAmount', row.tax, currency),
        taxCategory('TaxCategory', row),
      ),
    ),
  );
  return [first, second];
}

function monetaryTotal({ totals, allowances }: SemanticInvoice, currency: string): Maybe {
  const hasCharge = allowances.some((part) => part.isCharge);
  const hasAllowance = allowances.some((part) => !part.isCharge);
  const unlessNothing = (name: string, amount: string | undefined, isKept = false): Maybe =>
    isNothing(amount) && !isKept ? undefined : amountNode(name, amount, currency);
  return group(
    'LegalMonetaryTotal',
    amountNode('LineExtensionAmount', totals.lines, currency),
    amountNode('TaxExclusiveAmount', totals.net, currency),
    amountNode('TaxInclusiveAmount', totals.grand, currency),
    unlessNothing('AllowanceTotalAmount', totals.allowances, hasAllowance),
    unlessNothing('ChargeTotalAmount', totals.charges, hasCharge),
    unlessNothing('PrepaidAmount', totals.paid),
    unlessNothing('PayableRoundingAmount', totals.rounding),
    amountNode('PayableAmount', totals.payable, currency),
  );
}
