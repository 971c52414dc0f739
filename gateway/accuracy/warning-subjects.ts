import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import type { Subject } from './difference.ts';

/** The values that each warning concerns. A code that is not listed concerns no value that is scored. */
const SUBJECTS: Readonly<Record<string, readonly Subject[]>> = {
  'BR-01': [],
  'BR-02': ['id'],
  'BR-03': ['date'],
  'BR-05': ['currency'],
  'BR-06': ['sellerName'],
  'BR-07': ['buyerName'],
  'BR-08': ['sellerStreet', 'sellerCity'],
  'BR-09': ['sellerCity'],
  'BR-10': ['buyerStreet', 'buyerCity'],
  'BR-11': ['buyerCity'],
  'BR-12': ['lines'],
  'BR-13': ['net'],
  'BR-14': ['grand'],
  'BR-15': ['payable'],
  'BR-16': ['lines'],
  'BR-CO-10': ['lines', 'net'],
  'BR-CO-11': ['net'],
  'BR-CO-12': ['net'],
  'BR-CO-13': ['lines', 'net'],
  'BR-CO-14': ['vat', 'tax'],
  'BR-CO-15': ['net', 'tax', 'grand'],
  'BR-CO-16': ['payable', 'grand'],
  'BR-CO-17': ['vat'],
  'BR-S-08': ['vat', 'lines'],
  'BR-E-08': ['vat', 'lines'],
  'BR-Z-08': ['vat', 'lines'],
  'BR-E-10': ['vat'],
  CURRENCY_DERIVED: ['currency'],
  SELLER_NAME: ['sellerName', 'sellerStreet'],
  BUYER_NAME: ['buyerName', 'buyerStreet'],
  NUMBER_GOES_ON: ['id'],
  ROWS_LEFT_OUT: ['lines'],
  DATES: ['date', 'due'],
  DUE_DATES: ['due'],
  'PT-NIF-SELLER': ['sellerVat'],
  'PT-NIF-BUYER': ['buyerVat'],
  'PT-ATCUD': ['atcud'],
  'PT-ATCUD-PAGES': ['atcud'],
  'PT-IVA-RATE': ['vat'],
  'PT-WITHHOLDING': ['payable'],
  IBAN: ['iban'],
};

/** The values of a party that the mapping gives, by the words of the warning. */
const GIVEN_PARTS = {
  name: 'Name',
  street: 'Street',
  'postal code': 'City',
  town: 'City',
  country: 'City',
  'tax number': 'Vat',
} as const;

function givenSubjects(message: string): readonly Subject[] {
  const said = /\bthe (seller|buyer)'s (name|street|postal code|town|country|tax number)\b/.exec(message);
  const [, role, part] = said ?? [];
  if (role === undefined || part === undefined) return [];
  return [`${role as 'seller' | 'buyer'}${GIVEN_PARTS[part as keyof typeof GIVEN_PARTS]}`];
}

/** Words of a warning about uncertain OCR text, and the subject that they name. */
const OCR_SUBJECTS: readonly (readonly [RegExp, Subject])[] = [
  [/^OCR-UNSURE: The name of the seller/, 'sellerName'],
  [/^OCR-UNSURE: The street of the seller/, 'sellerStreet'],
  [/^OCR-UNSURE: The (?:postal code|city|country) of the seller/, 'sellerCity'],
  [/^OCR-UNSURE: The name of the buyer/, 'buyerName'],
  [/^OCR-UNSURE: The street of the buyer/, 'buyerStreet'],
  [/^OCR-UNSURE: The (?:postal code|city|country) of the buyer/, 'buyerCity'],
  [/^OCR-UNSURE: The reason in row/, 'vat'],
];

/** Returns the values that a warning is about. A warning about one line is about that line alone. */
export function subjectsOf({ code, message }: GatewayWarning): readonly Subject[] {
  const line = /\bline (\d+)\b/.exec(message)?.[1];
  if (line !== undefined) return [`line ${Number(line)}`];
  if (code === 'OCR-UNSURE')
    return OCR_SUBJECTS.flatMap(([words, subject]) => (words.test(message) ? [subject] : []));
  return code === 'GIVEN-PARTY' ? givenSubjects(message) : (SUBJECTS[code] ?? []);
}

/**
 * False for warnings that no score can prove right or wrong. They are about text that is in the file and not on the page,
 * or about the country of delivery, which no truth states.
 */
export function isAboutValues({ code }: GatewayWarning): boolean {
  return !/^(?:TEXT_|CHARACTERS_|DELIVER_TO_COUNTRY$)/.test(code);
}
