import type { Maybe } from './cii-nodes.ts';
import { dateNode, leaf, node } from './cii-nodes.ts';
import { amountText, plainDecimal } from './decimals.ts';
import type { Payment, SemanticInvoice } from './semantic-invoice.ts';
import { ciiAllowance, ciiPeriod } from './to-cii-lines.ts';
import { ciiPayee } from './to-cii-parties.ts';

/** Codes of BT-8: from UNTDID 2005 to UNTDID 2475, which CII uses. */
const TAX_POINT: Readonly<Record<string, string>> = { 3: '5', 35: '29', 432: '72' };
const IBAN = /^[A-Z]{2}\d{2}[A-Z0-9]{8,30}$/;

/** Writes everything about money except the lines. */
export function settlementNode(invoice: SemanticInvoice): Maybe {
  return node(
    'ApplicableHeaderTradeSettlement',
    leaf('CreditorReferenceID', invoice.creditorId),
    leaf('PaymentReference', invoice.remittance),
    leaf('TaxCurrencyCode', invoice.taxCurrency),
    leaf('InvoiceCurrencyCode', invoice.currency),
    invoice.payee && ciiPayee(invoice.payee),
    invoice.payments.map(paymentNode),
    taxNodes(invoice),
    ciiPeriod(invoice.period),
    invoice.allowances.map(ciiAllowance),
    node(
      'SpecifiedTradePaymentTerms',
      leaf('Description', invoice.paymentTerms),
      dateNode('DueDateDateTime', invoice.dueDate),
      leaf('DirectDebitMandateID', invoice.mandate),
    ),
    sumsNode(invoice),
    invoice.preceding.map(({ number, issueDate }) =>
      node(
        'InvoiceReferencedDocument',
        leaf('IssuerAssignedID', number),
        dateNode('FormattedIssueDateTime', issueDate, 'qdt:DateTimeString'),
      ),
    ),
    node('ReceivableSpecifiedTradeAccountingAccount', leaf('ID', invoice.buyerAccounting)),
  );
}

function paymentNode(payment: Payment): Maybe {
  const { account } = payment;
  const isIban = account !== undefined && IBAN.test(account.replace(/\s/g, ''));
  return node(
    'SpecifiedTradeSettlementPaymentMeans',
    leaf('TypeCode', payment.code),
    leaf('Information', payment.text),
    node(
      'ApplicableTradeSettlementFinancialCard',
      leaf('ID', payment.cardNumber),
      leaf('CardholderName', payment.cardHolder),
    ),
    node('PayerPartyDebtorFinancialAccount', leaf('IBANID', payment.debitedAccount)),
    node(
      'PayeePartyCreditorFinancialAccount',
      isIban ? leaf('IBANID', account) : undefined,
      leaf('AccountName', payment.accountName),
      isIban ? undefined : leaf('ProprietaryID', account),
    ),
    node('PayeeSpecifiedCreditorFinancialInstitution', leaf('BICID', payment.bic)),
  );
}

function taxNodes({ vat, taxPointDate, taxPointCode }: SemanticInvoice): Maybe[] {
  return vat.map((row) =>
    node(
      'ApplicableTradeTax',
      leaf('CalculatedAmount', amountText(row.tax)),
      leaf('TypeCode', 'VAT'),
      leaf('ExemptionReason', row.reason),
      leaf('BasisAmount', amountText(row.basis)),
      leaf('CategoryCode', row.category),
      leaf('ExemptionReasonCode', row.reasonCode),
      dateNode('TaxPointDate', taxPointDate, 'udt:DateString'),
      leaf('DueDateTypeCode', TAX_POINT[taxPointCode ?? '']),
      leaf('RateApplicablePercent', plainDecimal(row.rate)),
    ),
  );
}

function sumsNode({ totals, currency, taxCurrency }: SemanticInvoice): Maybe {
  const amount = (name: string, value: string | undefined): Maybe => leaf(name, amountText(value));
  return node(
    'SpecifiedTradeSettlementHeaderMonetarySummation',
    amount('LineTotalAmount', totals.lines),
    amount('ChargeTotalAmount', totals.charges),
    amount('AllowanceTotalAmount', totals.allowances),
    amount('TaxBasisTotalAmount', totals.net),
    leaf('TaxTotalAmount', amountText(totals.tax), { currencyID: currency }),
    leaf('TaxTotalAmount', amountText(totals.taxInTaxCurrency), { currencyID: taxCurrency }),
    amount('RoundingAmount', totals.rounding),
    amount('GrandTotalAmount', totals.grand),
    amount('TotalPrepaidAmount', totals.paid),
    amount('DuePayableAmount', totals.payable),
  );
}
