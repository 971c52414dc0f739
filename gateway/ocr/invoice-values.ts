import type { Invoice } from '../found-invoice/invoice.ts';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { Found } from '../printed/provenance.ts';

/** A value of an invoice, its name, and a function that replaces it. */
export interface InvoiceValue {
  /** The words for the value: `the name of the seller`, `the price in line 3`. */
  readonly what: string;
  readonly found: Found;
  /** True for text that no sum and no check digit can prove: names, addresses, codes, reasons. */
  readonly isText: boolean;
  readonly replaced: (value: string) => Invoice;
}

const PARTY_PARTS = {
  name: 'name',
  vatId: 'tax number',
  street: 'street',
  postalCode: 'postal code',
  city: 'city',
  country: 'country',
} as const;
const LINE_PARTS = {
  code: 'code',
  name: 'name',
  qty: 'quantity',
  unit: 'unit',
  price: 'price',
  discount: 'discount',
  rate: 'VAT rate',
  total: 'amount',
} as const;
const VAT_PARTS = { rate: 'rate', basis: 'basis', tax: 'tax', reason: 'reason' } as const;
const TEXTS: ReadonlySet<string> = new Set(['name', 'street', 'city', 'country', 'code', 'unit', 'reason']);

/** Fields that describe the program which made the document. */
const TEXT_FIELDS: ReadonlySet<string> = new Set(['hash', 'certificate']);

/** Returns every value of an invoice that is on the page or was computed. */
export function valuesOf(invoice: Invoice, mapping: InvoiceMapping): InvoiceValue[] {
  return [...fieldsOf(invoice, mapping), ...partiesOf(invoice), ...linesOf(invoice), ...vatOf(invoice)];
}

const put = (found: Found, value: string): Found => ({ ...found, value });

function fieldsOf(invoice: Invoice, mapping: InvoiceMapping): InvoiceValue[] {
  return [...invoice.fields].map(([name, found]) => ({
    what: `the field ${name}`,
    found,
    isText: TEXT_FIELDS.has(name) || mapping.fields[name]?.type === 'text',
    replaced: (value) => ({ ...invoice, fields: new Map(invoice.fields).set(name, put(found, value)) }),
  }));
}

function partiesOf(invoice: Invoice): InvoiceValue[] {
  return (['seller', 'buyer'] as const).flatMap((role) =>
    named(invoice[role], PARTY_PARTS, (what, part) => ({
      what: `the ${what} of the ${role}`,
      with: (found) => ({ ...invoice, [role]: { ...invoice[role], [part]: found } }),
    })),
  );
}

function linesOf(invoice: Invoice): InvoiceValue[] {
  return invoice.lines.flatMap((line, at) =>
    named(line, LINE_PARTS, (what, part) => ({
      what: `the ${what} in line ${at + 1}`,
      with: (found) => ({ ...invoice, lines: invoice.lines.with(at, { ...line, [part]: found }) }),
    })),
  );
}

function vatOf(invoice: Invoice): InvoiceValue[] {
  return invoice.vat.flatMap((row, at) =>
    named(row, VAT_PARTS, (what, part) => ({
      what: `the ${what} in row ${at + 1} of the VAT`,
      with: (found) => ({ ...invoice, vat: invoice.vat.with(at, { ...row, [part]: found }) }),
    })),
  );
}

function named<Part extends string>(
  holder: Readonly<Record<NoInfer<Part>, Found | undefined>>,
  parts: Readonly<Record<Part, string>>,
  name: (what: string, part: Part) => { readonly what: string; readonly with: (found: Found) => Invoice },
): InvoiceValue[] {
  return (Object.entries(parts) as [Part, string][]).flatMap(([part, called]): InvoiceValue[] => {
    const found = holder[part];
    if (!found) return [];
    const { what, with: withFound } = name(called, part);
    return [{ what, found, isText: TEXTS.has(part), replaced: (value) => withFound(put(found, value)) }];
  });
}
