import type { Check } from './check.ts';
import { present } from './check.ts';

/** Rules BR-01 to BR-16 of EN 16931-1, table 9: what every invoice must have. */

/** BR-01 (EN 16931-1): the invoice has a specification identifier (BT-24). */
export const br01: Check = ({ mapping }) => [
  present('BR-01', 'specification identifier', mapping.output.customizationId),
];
/** BR-02 (EN 16931-1): the invoice has a number (BT-1). */
export const br02: Check = ({ invoice }) => [
  present('BR-02', 'document number', invoice.fields.get('number')?.value),
];
/** BR-03 (EN 16931-1): the invoice has an issue date (BT-2). */
export const br03: Check = ({ invoice }) => [
  present('BR-03', 'issue date', invoice.fields.get('issueDate')?.value),
];
/** BR-04 (EN 16931-1): the invoice has a type code (BT-3). */
export const br04: Check = ({ invoice }) => [present('BR-04', 'document type', invoice.typeCode)];
/** BR-05 (EN 16931-1): the invoice has a currency (BT-5). */
export const br05: Check = ({ invoice }) => [present('BR-05', 'currency', invoice.currency.value)];
/** BR-06 (EN 16931-1): the seller has a name (BT-27). */
export const br06: Check = ({ invoice }) => [present('BR-06', 'seller name', invoice.seller.name?.value)];
/** BR-07 (EN 16931-1): the buyer has a name (BT-44). */
export const br07: Check = ({ invoice }) => [present('BR-07', 'buyer name', invoice.buyer.name?.value)];
/** BR-08 (EN 16931-1): the seller has a postal address (BG-5). */
export const br08: Check = ({ invoice }) => [
  present('BR-08', 'seller address', invoice.seller.street?.value ?? invoice.seller.city?.value),
];
/** BR-09 (EN 16931-1): the seller's address has a country (BT-40). */
export const br09: Check = ({ invoice }) => [
  present('BR-09', 'seller country', invoice.seller.country?.value),
];
/** BR-10 (EN 16931-1): the buyer has a postal address (BG-8). */
export const br10: Check = ({ invoice }) => [
  present('BR-10', 'buyer address', invoice.buyer.street?.value ?? invoice.buyer.city?.value),
];
/** BR-11 (EN 16931-1): the buyer's address has a country (BT-55). */
export const br11: Check = ({ invoice }) => [present('BR-11', 'buyer country', invoice.buyer.country?.value)];
/**
 * BR-12 (EN 16931-1): the sum of the lines' net amounts is given (BT-106). This check asks that the lines have amounts.
 */
export const br12: Check = ({ invoice }) => [
  present(
    'BR-12',
    'line amounts',
    invoice.lines.some((line) => line.total ?? line.price) ? 'read' : undefined,
  ),
];
/** BR-13 (EN 16931-1): the total without VAT is given (BT-109). */
export const br13: Check = ({ invoice }) => [
  present('BR-13', 'total without VAT', invoice.fields.get('net')?.value),
];
/** BR-14 (EN 16931-1): the total with VAT is given (BT-112). */
export const br14: Check = ({ invoice }) => [
  present('BR-14', 'total with VAT', invoice.fields.get('grand')?.value),
];
/** BR-15 (EN 16931-1): the amount due is given (BT-115). */
export const br15: Check = ({ invoice }) => [
  present('BR-15', 'amount due', invoice.fields.get('payable')?.value),
];
/** BR-16 (EN 16931-1): the invoice has at least one line (BG-25). */
export const br16: Check = ({ invoice }) => [
  present('BR-16', 'lines', invoice.lines.length > 0 ? String(invoice.lines.length) : undefined),
];
