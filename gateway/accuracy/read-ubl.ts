import { XMLParser } from 'fast-xml-parser';
import type { FieldName, TruthLine } from './truth.ts';

/** What a UBL document says, in the terms of the truth files. */
export interface UblContent {
  readonly fields: Readonly<Partial<Record<FieldName, string>>>;
  readonly lines: readonly TruthLine[];
}

type Tree = Record<string, unknown>;

/** Reads back a UBL Invoice or CreditNote that the gateway wrote. */
export function readUbl(xml: string): UblContent {
  const parser = new XMLParser({
    removeNSPrefix: true,
    ignoreAttributes: true,
    parseTagValue: false,
    isArray: (name) => ['InvoiceLine', 'CreditNoteLine', 'Note', 'TaxTotal'].includes(name),
  });
  const document = parser.parse(xml) as Tree;
  const root = tree(document['Invoice'] ?? document['CreditNote']);
  const totals = tree(root['LegalMonetaryTotal']);
  const vatOf = (party: string): string | undefined =>
    string(at(root, party, 'Party', 'PartyTaxScheme', 'CompanyID'));
  const notes = list(root['Note']).map((note) => string(note) ?? '');
  const fields = {
    id: string(root['ID']),
    date: string(root['IssueDate']),
    due: string(root['DueDate']) ?? string(at(root, 'PaymentMeans', 'PaymentDueDate')),
    sellerVat: vatOf('AccountingSupplierParty'),
    buyerVat: vatOf('AccountingCustomerParty'),
    net: string(totals['TaxExclusiveAmount']),
    tax: string(tree(list(root['TaxTotal'])[0])['TaxAmount']),
    grand: string(totals['TaxInclusiveAmount']),
    payable: string(totals['PayableAmount']),
    iban: string(at(root, 'PaymentMeans', 'PayeeFinancialAccount', 'ID')),
    atcud: notes.find((note) => note.startsWith('ATCUD:'))?.slice(6),
  };
  return {
    fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    lines: list(root['InvoiceLine'] ?? root['CreditNoteLine']).map((item) => {
      const l = tree(item);
      return {
        name: string(at(l, 'Item', 'Name')),
        qty: string(l['InvoicedQuantity'] ?? l['CreditedQuantity']),
        price: string(at(l, 'Price', 'PriceAmount')),
        total: string(l['LineExtensionAmount']),
      };
    }),
  };
}

function tree(value: unknown): Tree {
  return value !== null && typeof value === 'object' ? (value as Tree) : {};
}

function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((node, name) => tree(node)[name], value);
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function list(value: unknown): unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? (value as unknown[]) : [value];
}
