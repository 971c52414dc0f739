import type { GatewayExplanation } from '../../schemas/protocols/gateway-explanation.ts';

/** A first mapping for the supplier of a document, and the fields that the document does not show. */
export interface MappingDraft {
  readonly mapping: object;
  /** The fields that were not found, one entry in words for each. */
  readonly notFound: readonly string[];
}

/** The fields that every invoice needs, in words. */
const NEEDED_FIELDS: Readonly<Record<string, string>> = {
  number: 'the document number',
  issueDate: 'the date of the document',
  net: 'the total without VAT',
  grand: 'the total with VAT',
  payable: 'the amount due',
};
const NEEDED_PARTS: Readonly<Record<string, string>> = {
  'seller.name': 'the name of the seller',
  'seller.vatId': 'the tax number of the seller',
  'seller.street': 'the street of the seller',
  'seller.postalCode': 'the postal code of the seller',
  'seller.city': 'the town of the seller',
  'buyer.name': 'the name of the buyer',
};

/**
 * Drafts a mapping from the explanation of how another mapping reads a document. The draft has the seller as it was
 * read. For each field that was not found, it has a place for a label. A person must check the draft, because the
 * read values may be wrong.
 */
export function draftMapping(explanation: GatewayExplanation, id: string): MappingDraft {
  const read = new Map(explanation.values.map(({ path, value }) => [path, value]));
  const isMissing = (path: string): boolean => (read.get(path) ?? '') === '';
  const fields = Object.keys(NEEDED_FIELDS).filter(isMissing);
  const vatId = taxNumberOf(read);
  const given = {
    vatId,
    name: read.get('seller.name'),
    street: read.get('seller.street'),
    postalCode: read.get('seller.postalCode'),
    city: read.get('seller.city'),
    country: read.get('seller.country'),
  };
  const labels = (name: string): [string, object] => [
    name,
    { labels: { add: [`Write here what the page prints beside ${NEEDED_FIELDS[name]}`] } },
  ];
  return {
    mapping: {
      $schema: './mapping.schema.json',
      id,
      version: 1,
      label: read.get('seller.name') ?? id,
      extends: explanation.mapping.id,
      ...(vatId === undefined ? {} : { forSellers: [vatId], parties: { seller: { given } } }),
      ...(fields.length === 0 ? {} : { fields: Object.fromEntries(fields.map(labels)) }),
    },
    notFound: [
      ...fields.map((name) => NEEDED_FIELDS[name] ?? name),
      ...Object.keys(NEEDED_PARTS)
        .filter(isMissing)
        .map((path) => NEEDED_PARTS[path] ?? path),
      ...(explanation.values.some(({ kind }) => kind === 'line') ? [] : ['the lines']),
    ],
  };
}

/**
 * Returns the seller's tax number with the prefix of its country; undefined when the number or the country is not
 * known.
 */
function taxNumberOf(read: ReadonlyMap<string, string>): string | undefined {
  const number = read.get('seller.vatId');
  if (number === undefined || /^[A-Z]{2}/.test(number)) return number;
  const country = read.get('seller.country');
  return country === undefined ? undefined : `${country}${number}`;
}
