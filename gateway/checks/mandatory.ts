import type { Check, CheckContext } from './check.ts';
import { present } from './check.ts';

type Required = readonly [rule: string, what: string, read: (context: CheckContext) => string | undefined];

/**
 * Rules BR-01 to BR-16 of EN 16931-1, table 9: what every invoice must have. BR-12 asks for the sum of the lines' net
 * amounts (BT-106); this check asks that the lines have amounts.
 */
const REQUIRED: readonly Required[] = [
  ['BR-01', 'specification identifier', ({ mapping }) => mapping.output.customizationId],
  ['BR-02', 'document number', ({ invoice }) => invoice.fields.get('number')?.value],
  ['BR-03', 'issue date', ({ invoice }) => invoice.fields.get('issueDate')?.value],
  ['BR-04', 'document type', ({ invoice }) => invoice.typeCode],
  ['BR-05', 'currency', ({ invoice }) => invoice.currency.value],
  ['BR-06', 'seller name', ({ invoice }) => invoice.seller.name?.value],
  ['BR-07', 'buyer name', ({ invoice }) => invoice.buyer.name?.value],
  ['BR-08', 'seller address', ({ invoice: { seller } }) => seller.street?.value ?? seller.city?.value],
  ['BR-09', 'seller country', ({ invoice }) => invoice.seller.country?.value],
  ['BR-10', 'buyer address', ({ invoice: { buyer } }) => buyer.street?.value ?? buyer.city?.value],
  ['BR-11', 'buyer country', ({ invoice }) => invoice.buyer.country?.value],
  [
    'BR-12',
    'line amounts',
    ({ invoice }) => invoice.lines.find((line) => line.total ?? line.price) && 'read',
  ],
  ['BR-13', 'total without VAT', ({ invoice }) => invoice.fields.get('net')?.value],
  ['BR-14', 'total with VAT', ({ invoice }) => invoice.fields.get('grand')?.value],
  ['BR-15', 'amount due', ({ invoice }) => invoice.fields.get('payable')?.value],
  ['BR-16', 'lines', ({ invoice: { lines } }) => (lines.length > 0 ? String(lines.length) : undefined)],
];

/**
 * The requirements of CIUS-PT, the specification of the Portuguese public sector, beyond EN 16931 (eSPap, "CIUS-PT:
 * Especificação"). The check covers only facts that a PDF can state, and only mappings whose output target is
 * `cius-pt`.
 */
const ciusPt: Check = ({ invoice: { seller, buyer, fields }, mapping }) => {
  if (mapping.output.target !== 'cius-pt') return [];
  return [
    present('NIF of the seller', seller.vatId?.value),
    present('NIF of the buyer', buyer.vatId?.value),
    present('town of the seller', seller.city?.value),
    present('postal code of the seller', seller.postalCode?.value),
    present('town of the buyer', buyer.city?.value),
    present('postal code of the buyer', buyer.postalCode?.value),
    present('ATCUD', fields.get('atcud')?.value),
    present('due date or payment terms', fields.get('dueDate')?.value ?? fields.get('paymentTerms')?.value),
  ];
};

export const MANDATORY: Readonly<Record<string, Check>> = {
  ...Object.fromEntries(
    REQUIRED.map(([rule, what, read]): [string, Check] => [
      rule,
      (context) => [present(what, read(context))],
    ]),
  ),
  'CIUS-PT': ciusPt,
};
