import type { JudgedFinding } from '../checks/run-checks.ts';
import type { GivenParty, InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { ReadDocument } from '../reading/document.ts';
import type { Role } from '../reading/parties.ts';
import { comparedAs, printedPlace, taxNumberKeys } from '../reading/printed-place.ts';
import { derived, foundIn, type Found } from '../printed/provenance.ts';
import type { Party } from '../found-invoice/invoice.ts';
import type { QrPayload } from '../found-invoice/qr-payload.ts';

/** Seller and buyer of a document. */
export interface Parties {
  readonly seller: Party;
  readonly buyer: Party;
}

/** The parties, completed from the mapping, and the findings of the page for and against the mapping's values. */
export interface GivenParties extends Parties {
  readonly findings: readonly JudgedFinding[];
}

const RULE = 'GIVEN-PARTY';
const GIVEN = 'given by the mapping';
const OTHER: Readonly<Record<Role, Role>> = { seller: 'buyer', buyer: 'seller' };
/** Letters of a Portuguese QR code that hold the tax numbers of seller and buyer. */
const QR_LETTER: Readonly<Record<Role, string>> = { seller: 'A', buyer: 'B' };

/**
 * Completes the parties from the mapping. The tax number decides: if the page prints another tax number, the finding
 * is an error. Other differences between page and mapping are warnings (ADR 0173).
 */
export function givenParties(
  mapping: InvoiceMapping,
  document: ReadDocument,
  read: Parties,
  qr: QrPayload | undefined,
): GivenParties {
  let parties = read;
  const findings: JudgedFinding[] = [];
  for (const role of ['seller', 'buyer'] as const) {
    const { given } = mapping.parties[role];
    if (given === undefined) continue;
    const places = placesOf(given, document);
    findings.push(...numberFindings(role, given, { places, read, qr }));
    findings.push(...partFindings(role, given, places, read[role]));
    parties = { ...parties, [role]: withGiven(read[role], given, places) };
  }
  return { ...parties, findings };
}

type Part = 'name' | 'vatId' | 'street' | 'postalCode' | 'city' | 'country';
/** The places where the page prints the parts that the mapping gives. */
type Places = ReadonlyMap<Part, Found>;

function placesOf(given: GivenParty, document: ReadDocument): Places {
  const keys: Partial<Record<Part, string[]>> = {
    vatId: taxNumberKeys(given.vatId),
    name: [given.name, given.printedName].flatMap((name) => (name === undefined ? [] : [comparedAs(name)])),
  };
  for (const part of ['street', 'postalCode', 'city'] as const)
    if (given[part] !== undefined) keys[part] = [comparedAs(given[part])];
  const places = new Map<Part, Found>();
  for (const [part, wanted] of Object.entries(keys) as [Part, string[]][]) {
    const tokens = printedPlace(document, wanted);
    const value = given[part];
    if (tokens && value !== undefined) places.set(part, foundIn(value, tokens, `${GIVEN}, and printed`, 1));
  }
  return places;
}

/**
 * Replaces a party's values by the values of the mapping. If the mapping gives a part of the address, no other part
 * is read from the page.
 */
function withGiven(read: Party, given: GivenParty, places: Places): Party {
  const { street, postalCode, city } = given;
  const ownAddress = [street, postalCode, city].some((part) => part !== undefined);
  const part = (name: Part, fromPage: Found | undefined): Found | undefined => {
    const value = given[name];
    if (value === undefined) return fromPage;
    return places.get(name) ?? { value, raw: '', page: 0, box: undefined, rule: GIVEN, confidence: 0.5 };
  };
  return {
    name: part('name', read.name),
    vatId: part('vatId', read.vatId),
    street: part('street', ownAddress ? undefined : read.street),
    postalCode: part('postalCode', ownAddress ? undefined : read.postalCode),
    city: part('city', ownAddress ? undefined : read.city),
    country: part('country', ownAddress ? undefined : read.country) ?? countryOf(given.vatId),
  };
}

/** Derives the country from the prefix of a VAT number. */
function countryOf(vatId: string): Found {
  const prefix = vatId.slice(0, 2);
  return derived({ EL: 'GR', XI: 'GB' }[prefix] ?? prefix, 'prefix of the tax number');
}

const bare = (number: string | undefined): string => (number ?? '').replace(/^[A-Z]{2}/, '');

interface Seen {
  readonly places: Places;
  readonly read: Parties;
  readonly qr: QrPayload | undefined;
}

function numberFindings(role: Role, given: GivenParty, { places, read, qr }: Seen): JudgedFinding[] {
  const compared = {
    rule: RULE,
    severity: 'error' as const,
    what: `the ${role}'s tax number as the mapping gives it and as the page prints it`,
    left: given.vatId,
  };
  const differs = (right: string): JudgedFinding[] => [{ ...compared, ok: false, right }];
  const own = bare(given.vatId);
  const inCode = qr?.get(QR_LETTER[role]);
  if (inCode !== undefined && bare(inCode) !== own) return differs(inCode);
  const printed = read[role].vatId?.value;
  const isOthers = bare(read[OTHER[role]].vatId?.value) === own;
  if (printed !== undefined && bare(printed) !== own && (isOthers || !places.has('vatId')))
    return differs(printed);
  if (isOthers && printed === undefined) return differs(`that of the ${OTHER[role]}`);
  if (inCode !== undefined || places.has('vatId')) return [{ ...compared, ok: true, right: given.vatId }];
  const what = `the ${role}'s tax number, which the mapping gives as ${given.vatId},`;
  return [{ rule: RULE, ok: false, severity: 'warning', what, left: 'missing', right: given.vatId }];
}

/** Compares the name and address of the mapping with the name and address on the page. */
function partFindings(role: Role, given: GivenParty, places: Places, read: Party): JudgedFinding[] {
  return (['name', 'street', 'postalCode', 'city', 'country'] as const).flatMap((part) => {
    const value = given[part];
    const printed = read[part]?.value;
    if (value === undefined || printed === undefined) return [];
    // Page 0 marks a derived country, which the page does not print.
    if (part === 'country' && read.country?.page === 0) return [];
    const ok = places.has(part) || comparedAs(value) === comparedAs(printed);
    const what = `the ${role}'s ${PART_NAMES[part]} as the mapping gives it and as the page prints it`;
    return [{ rule: RULE, ok, severity: 'warning', what, left: value, right: printed }];
  });
}

const PART_NAMES = {
  name: 'name',
  street: 'street',
  postalCode: 'postal code',
  city: 'town',
  country: 'country',
} as const;
