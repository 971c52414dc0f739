import type { Breach, Rule } from '../rule.ts';
import { fatalIn } from '../rule.ts';
import type { UblDocument } from '../ubl-document.ts';
import type { XmlElement } from '../xml-tree.ts';
import { allAt } from '../xml-tree.ts';

const rule = fatalIn('eSPap, CIUS-PT 2.1.1');

/** The form of a value, as a pattern and in words. */
interface Form {
  readonly pattern: RegExp;
  readonly words: string;
}

const upTo = (most: number): Form => ({
  pattern: new RegExp(`^.{1,${most}}$`, 'u'),
  words: `it may have at most ${most} characters on one line`,
});
const decimals = (words: string, fewest: number, most: number, sign = ''): Form => ({
  pattern: new RegExp(`^${sign}\\d{1,13}\\.\\d{${fewest},${most}}$`),
  words: `it must have ${words}`,
});
const oneOf = (words: string): Form => ({
  pattern: new RegExp(`^(?:${words.replaceAll(' ', '|')})$`),
  words: `it must be one of ${words.replaceAll(' ', ', ')}`,
});

const T5 = upTo(5);
const T20 = upTo(20);
const T50 = upTo(50);
const T200 = upTo(200);
const NOTE: Form = { pattern: /^.{1,500}$/su, words: 'it may have at most 500 characters' };
const AMOUNT = decimals('2 decimals and no sign', 2, 2);
const SIGNED = decimals('2 decimals', 2, 2, '-?');
const BASIS = decimals('2 or 3 decimals', 2, 3, '-?');
const NET = decimals('2 to 8 decimals', 2, 8, '-?');
const PRICE = decimals('2 to 8 decimals and no sign', 2, 8);
const QUANTITY = decimals('2 or 3 decimals', 2, 3, '-?');
const BASE_QUANTITY = decimals('2 or 3 decimals and no sign', 2, 3);
const PERCENT: Form = {
  pattern: /^(?:100\.00|\d{1,2}\.\d{2})$/,
  words: 'it must be a percentage with 2 decimals, 100.00 at most',
};
const COUNTRY_FIRST: Form = { pattern: /^[A-Z]{2}/, words: 'it must begin with the code of a country' };
const CATEGORY = oneOf('AA S E RED INT NOR ISE OUT NA Z AE IC G O');
const MEANS = oneOf('30 48 49 57 58 59 CC CD CH CI CO CS DE LC MB NU OU PR TB TR');
const REMITTANCE: Form = {
  pattern: /^#REFERENCE@(?:ATM|DUC)PAYMENT#.{1,20}#$/u,
  words: 'it must be a reference of Multibanco or DUC',
};
const CUSTOMIZATION: Form = {
  pattern: /^urn:cen\.eu:en16931:2017#compliant#urn:feap\.gov\.pt:CIUS-PT:.{1,10}$/,
  words: 'it must name CIUS-PT with its version',
};

/** One rule: its number, its subject, the form, and the path of the value. */
type Line = readonly [number: string, what: string, form: Form, path: string];

const PARTY = (role: string, path: string, numbers: readonly string[]): readonly Line[] => {
  const [name, trading, id, legal, tax, endpoint, street, second, third, city, post, part] = numbers;
  const [contact, phone, mail] = numbers.slice(12);
  const lines: readonly (readonly [string | undefined, string, Form, string])[] = [
    [name, 'the name', T200, 'PartyLegalEntity/RegistrationName'],
    [trading, 'the trading name', T200, 'PartyName/Name'],
    [id, 'an identifier', T50, 'PartyIdentification/ID'],
    [legal, 'the registration', role === 'seller' ? T200 : T50, 'PartyLegalEntity/CompanyID'],
    [tax, 'the tax number', T50, 'PartyTaxScheme/CompanyID'],
    [endpoint, 'the electronic address', T50, 'EndpointID'],
    [street, 'the first line of the address', T200, 'PostalAddress/StreetName'],
    [second, 'the second line of the address', T200, 'PostalAddress/AdditionalStreetName'],
    [third, 'the third line of the address', T200, 'PostalAddress/AddressLine/Line'],
    [city, 'the town', T200, 'PostalAddress/CityName'],
    [post, 'the postal code', T200, 'PostalAddress/PostalZone'],
    [part, 'the region', T200, 'PostalAddress/CountrySubentity'],
    [contact, 'the contact', T200, 'Contact/Name'],
    [phone, 'the telephone number', T200, 'Contact/Telephone'],
    [mail, 'the e-mail address', T200, 'Contact/ElectronicMail'],
  ];
  return lines.map(([number = '', what, form, at]) => [
    number,
    `${what} of the ${role}`,
    form,
    `${path}/${at}`,
  ]);
};

// prettier-ignore
const ON_DOCUMENT: readonly Line[] = [
  ['001', 'the number (BT-1)', T50, 'ID'],
  ['009', 'the buyer’s reference (BT-10)', T50, 'BuyerReference'],
  ['010', 'the project (BT-11)', T50, 'ProjectReference/ID'],
  ['011', 'the contract (BT-12)', T20, 'ContractDocumentReference/ID'],
  ['012', 'the order (BT-13)', T20, 'OrderReference/ID'],
  ['013', 'the sales order (BT-14)', T20, 'OrderReference/SalesOrderID'],
  ['014', 'the receiving advice (BT-15)', T20, 'ReceiptDocumentReference/ID'],
  ['015', 'the despatch advice (BT-16)', T20, 'DespatchDocumentReference/ID'],
  ['016', 'the tender (BT-17)', T20, 'OriginatorDocumentReference/ID'],
  ['017.1', 'a supporting document (BT-122)', T50, 'AdditionalDocumentReference/ID'],
  ['018', 'the buyer’s accounting reference (BT-19)', T50, 'AccountingCost'],
  ['019', 'the payment terms (BT-20)', T200, 'PaymentTerms/Note'],
  ['020', 'a note (BT-22)', NOTE, 'Note'],
  ['021', 'the process (BT-23)', T50, 'ProfileID'],
  ['022', 'the specification (BT-24)', CUSTOMIZATION, 'CustomizationID'],
  ['023', 'the preceding invoice (BT-25)', T50, 'BillingReference/InvoiceDocumentReference/ID'],
  ['029', 'the tax number of the seller (BT-31)', COUNTRY_FIRST,
    'AccountingSupplierParty/Party/PartyTaxScheme/CompanyID'],
  ['031', 'the legal information of the seller (BT-33)', T200,
    'AccountingSupplierParty/Party/PartyLegalEntity/CompanyLegalForm'],
  ['046.1', 'the tax number of the buyer (BT-48)', COUNTRY_FIRST,
    'AccountingCustomerParty/Party/PartyTaxScheme/CompanyID'],
  ...PARTY(
    'seller',
    'AccountingSupplierParty/Party',
    '025 026 027.1 028.1 030 032.1 033 034 035 036 037 038 039 040 041'.split(' '),
  ),
  ...PARTY(
    'buyer',
    'AccountingCustomerParty/Party',
    '042 043 044.1 045.1 046.2 047.1 048 049 050 051 052 053 054 055 056'.split(' '),
  ),
  ['057', 'the name of the payee (BT-59)', T200, 'PayeeParty/PartyName/Name'],
  ['068', 'who it was delivered to (BT-70)', T200, 'Delivery/DeliveryParty/PartyName/Name'],
  ['069.1', 'the place delivered to (BT-71)', T50, 'Delivery/DeliveryLocation/ID'],
  ['073', 'the street delivered to (BT-75)', T200, 'Delivery/DeliveryLocation/Address/StreetName'],
  ['076', 'the town delivered to (BT-77)', T200, 'Delivery/DeliveryLocation/Address/CityName'],
  ['077', 'the postal code delivered to (BT-78)', T200, 'Delivery/DeliveryLocation/Address/PostalZone'],
  ['079.2', 'the means of payment (BT-81)', MEANS, 'PaymentMeans/PaymentMeansCode'],
  ['080', 'the remittance information (BT-83)', REMITTANCE, 'PaymentMeans/PaymentID'],
  ['081', 'the account to pay to (BT-84)', T50, 'PaymentMeans/PayeeFinancialAccount/ID'],
  ['088.1', 'an allowance or charge (BT-92, BT-99)', AMOUNT, 'AllowanceCharge/Amount'],
  ['089.1', 'the base of an allowance or charge (BT-93, BT-100)', AMOUNT, 'AllowanceCharge/BaseAmount'],
  ['090.1', 'the percentage of an allowance or charge (BT-94, BT-101)', PERCENT,
    'AllowanceCharge/MultiplierFactorNumeric'],
  ['091', 'the VAT category of an allowance or charge', CATEGORY, 'AllowanceCharge/TaxCategory/ID'],
  ['092.1', 'the VAT rate of an allowance or charge', PERCENT, 'AllowanceCharge/TaxCategory/Percent'],
  ['093', 'the reason of an allowance or charge', T200, 'AllowanceCharge/AllowanceChargeReason'],
  ['094.1', 'the sum of the lines (BT-106)', SIGNED, 'LegalMonetaryTotal/LineExtensionAmount'],
  ['095.1', 'the total of allowances (BT-107)', AMOUNT, 'LegalMonetaryTotal/AllowanceTotalAmount'],
  ['096.1', 'the total of charges (BT-108)', AMOUNT, 'LegalMonetaryTotal/ChargeTotalAmount'],
  ['097.1', 'the total without VAT (BT-109)', AMOUNT, 'LegalMonetaryTotal/TaxExclusiveAmount'],
  ['098.1', 'the total of the VAT (BT-110)', SIGNED, 'TaxTotal/TaxAmount'],
  ['099.1', 'the total with VAT (BT-112)', AMOUNT, 'LegalMonetaryTotal/TaxInclusiveAmount'],
  ['100.1', 'the amount paid (BT-113)', AMOUNT, 'LegalMonetaryTotal/PrepaidAmount'],
  ['101.1', 'the rounding (BT-114)', SIGNED, 'LegalMonetaryTotal/PayableRoundingAmount'],
  ['102.1', 'the amount due (BT-115)', AMOUNT, 'LegalMonetaryTotal/PayableAmount'],
  ['103.1', 'the basis of a row of the VAT breakdown (BT-116)', BASIS, 'TaxTotal/TaxSubtotal/TaxableAmount'],
  ['104.1', 'the VAT of a row of the VAT breakdown (BT-117)', SIGNED, 'TaxTotal/TaxSubtotal/TaxAmount'],
  ['105', 'the VAT category of a row (BT-118)', CATEGORY, 'TaxTotal/TaxSubtotal/TaxCategory/ID'],
  ['106.1', 'the VAT rate of a row (BT-119)', PERCENT, 'TaxTotal/TaxSubtotal/TaxCategory/Percent'],
  ['107', 'the exemption reason (BT-120)', T200, 'TaxTotal/TaxSubtotal/TaxCategory/TaxExemptionReason'],
  ['108', 'the code of the exemption reason (BT-121)', T5, 'TaxTotal/TaxSubtotal/TaxCategory/TaxExemptionReasonCode'],
];

// prettier-ignore
const ON_LINE: readonly Line[] = [
  ['114.1', 'the id of a line (BT-126)', T50, 'ID'],
  ['115', 'the note of a line (BT-127)', upTo(500), 'Note'],
  ['117.1', 'the quantity of a line (BT-129)', QUANTITY, 'InvoicedQuantity'],
  ['117.1', 'the quantity of a line (BT-129)', QUANTITY, 'CreditedQuantity'],
  ['118.1', 'the net amount of a line (BT-131)', NET, 'LineExtensionAmount'],
  ['119', 'the line of the order (BT-132)', T20, 'OrderLineReference/LineID'],
  ['123.1', 'an allowance or charge of a line (BT-136, BT-141)', AMOUNT, 'AllowanceCharge/Amount'],
  ['124.1', 'the base of an allowance or charge of a line (BT-137, BT-142)', AMOUNT, 'AllowanceCharge/BaseAmount'],
  ['125.1', 'the percentage of an allowance or charge of a line (BT-138, BT-143)', PERCENT,
    'AllowanceCharge/MultiplierFactorNumeric'],
  ['126', 'the reason of an allowance or charge of a line', T200, 'AllowanceCharge/AllowanceChargeReason'],
  ['127.1', 'the price of a line (BT-146)', PRICE, 'Price/PriceAmount'],
  ['128.1', 'the discount in the price of a line (BT-147)', PRICE, 'Price/AllowanceCharge/Amount'],
  ['129.1', 'the gross price of a line (BT-148)', PRICE, 'Price/AllowanceCharge/BaseAmount'],
  ['130.1', 'the base quantity of a price (BT-149)', BASE_QUANTITY, 'Price/BaseQuantity'],
  ['131', 'the VAT category of a line (BT-151)', CATEGORY, 'Item/ClassifiedTaxCategory/ID'],
  ['132.1', 'the VAT rate of a line (BT-152)', PERCENT, 'Item/ClassifiedTaxCategory/Percent'],
  ['133', 'the name of an item (BT-153)', T200, 'Item/Name'],
  ['134', 'the description of an item (BT-154)', T200, 'Item/Description'],
  ['135', 'the seller’s code of an item (BT-155)', T50, 'Item/SellersItemIdentification/ID'],
  ['136', 'the buyer’s code of an item (BT-156)', T50, 'Item/BuyersItemIdentification/ID'],
  ['139', 'the name of an attribute (BT-160)', T200, 'Item/AdditionalItemProperty/Name'],
  ['140', 'the value of an attribute (BT-161)', T200, 'Item/AdditionalItemProperty/Value'],
];

/** The rules of form, which are the specification's rules on data types (`DT-CIUS-PT-...`). */
export const CIUS_PT_FORMS: readonly Rule[] = byNumber([
  ...ON_DOCUMENT.map((line) => ({ line, from: ({ root }: UblDocument) => [root] })),
  ...ON_LINE.map((line) => ({ line, from: ({ lines }: UblDocument) => lines })),
]);

interface Placed {
  readonly line: Line;
  readonly from: (document: UblDocument) => readonly XmlElement[];
}

function byNumber(all: readonly Placed[]): Rule[] {
  return [...Map.groupBy(all, ({ line: [number] }) => number)].map(([number, places]) => {
    const [, what, { words }] = places[0]!.line;
    return rule(`DT-CIUS-PT-${number}`, `Of ${what}: ${words}.`, (document) =>
      places.flatMap((place) => breachesOf(place, document)),
    );
  });
}

function breachesOf(
  { line: [, what, { pattern, words }, path], from }: Placed,
  document: UblDocument,
): Breach[] {
  const names = path.split('/');
  const steps = names.map((name, i) => `${i === names.length - 1 ? 'cbc' : 'cac'}:${name}`);
  return from(document)
    .flatMap((start) => allAt(start, ...steps))
    .filter(({ text }) => text !== '' && !pattern.test(text))
    .map(({ text }) => ({ what, found: shown(text), expected: words }));
}

/** A message repeats at most this many characters of a text in the document. */
const SHOWN_MAX = 60;

function shown(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}… (${[...text].length} characters)` : text;
}
