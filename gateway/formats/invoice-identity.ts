import { InvoiceIdentity } from '../../schemas/events/job-events.ts';
import type { SemanticInvoice } from './semantic-invoice.ts';
import type { Invoice } from '../found-invoice/invoice.ts';
import { taxNumber } from './found-parties.ts';

/**
 * Returns the identity of an invoice that was read from a page, as the result states it. Undefined when one of its
 * three fields is missing.
 */
export function identityOfRead({ seller, fields }: Invoice): InvoiceIdentity | undefined {
  return identity(taxNumber(seller), fields.get('number')?.value, fields.get('issueDate')?.value);
}

/**
 * Returns the identity of an e-invoice. A seller without a VAT number is identified by its tax registration, else by
 * its registration.
 */
export function identityOfWritten({
  seller,
  number,
  issueDate,
}: SemanticInvoice): InvoiceIdentity | undefined {
  return identity(seller.vatId ?? seller.taxRegistration ?? seller.registration?.value, number, issueDate);
}

function identity(...[sellerTaxId, number, issueDate]: (string | undefined)[]): InvoiceIdentity | undefined {
  return InvoiceIdentity.safeParse({ sellerTaxId, number, issueDate }).data;
}
