import type { Check } from './check.ts';
import { present } from './check.ts';

/**
 * Checks what CIUS-PT, the specification of the Portuguese public sector, requires beyond EN 16931 (eSPap, "CIUS-PT:
 * Especificação"). The check covers what a PDF can state, and only mappings whose output target is `cius-pt`.
 */
export const ciusPt: Check = ({ invoice, mapping }) => {
  if (mapping.output.target !== 'cius-pt') return [];
  return [
    present('CIUS-PT', 'NIF of the seller', invoice.seller.vatId?.value),
    present('CIUS-PT', 'NIF of the buyer', invoice.buyer.vatId?.value),
    present('CIUS-PT', 'town of the seller', invoice.seller.city?.value),
    present('CIUS-PT', 'postal code of the seller', invoice.seller.postalCode?.value),
    present('CIUS-PT', 'town of the buyer', invoice.buyer.city?.value),
    present('CIUS-PT', 'postal code of the buyer', invoice.buyer.postalCode?.value),
    present('CIUS-PT', 'ATCUD', invoice.fields.get('atcud')?.value),
    present(
      'CIUS-PT',
      'due date or payment terms',
      invoice.fields.get('dueDate')?.value ?? invoice.fields.get('paymentTerms')?.value,
    ),
  ];
};
