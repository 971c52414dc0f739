/** Keys of labels for tax numbers that are printed without prefix, by country. */
const SPANISH = /^(?:nif|cif|nifcif|cifnif|dni|sunif|nifiva|nifcliente)/;
const ITALIAN = /^(?:piva|partitaiva|partiva|pi|partitaivacf)/;
const BRITISH = /^(?:vat|vatno|vatnumber|vatreg|vatregno|vatregistrationno|vatregistrationnumber|vatid)$/;

/**
 * Completes a tax number without prefix to a VAT number. Its label must belong to the country, and its check digits
 * must be correct. Sources: Orden EHA/451/2008 and Real Decreto 1553/2005 (Spain), DPR 633/1972, article 35 (Italy),
 * HMRC, VAT Notice 700 (United Kingdom).
 */
export function nationalVatId(labelKey: string, text: string): string | undefined {
  const bare = text
    .toUpperCase()
    .replace(/[\s.\-/]/g, '')
    .replace(/[,;:]+$/, '');
  if (SPANISH.test(labelKey) && isSpanish(bare)) return `ES${bare}`;
  if (ITALIAN.test(labelKey) && /^\d{11}$/.test(bare) && isLuhn(bare)) return `IT${bare}`;
  if (BRITISH.test(labelKey) && isBritish(bare)) return `GB${bare}`;
  return undefined;
}

const PERSON_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';
const COMPANY_LETTERS = 'JABCDEFGHI';

function isSpanish(text: string): boolean {
  const person = /^([XYZ]?)(\d{7,8})([A-Z])$/.exec(text);
  if (person && text.length === 9) {
    const first = person[1] === '' ? '' : String('XYZ'.indexOf(person[1] ?? ''));
    return PERSON_LETTERS[Number(`${first}${person[2]}`) % 23] === person[3];
  }
  const company = /^[ABCDEFGHJNPQRSUVW](\d{7})([\dA-J])$/.exec(text);
  if (!company) return false;
  const check = luhnDigit(company[1] ?? '');
  return company[2] === String(check) || company[2] === COMPANY_LETTERS[check];
}

/** True when the last digit is Luhn's check digit of the other digits (ISO/IEC 7812-1). */
export function isLuhn(digits: string): boolean {
  return String(luhnDigit(digits.slice(0, -1))) === digits.at(-1);
}

/** Luhn's check digit for digits without it (ISO/IEC 7812-1). */
function luhnDigit(digits: string): number {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const twice = Number(digits.at(-1 - i)) * (i % 2 === 0 ? 2 : 1);
    sum += twice > 9 ? twice - 9 : twice;
  }
  return (10 - (sum % 10)) % 10;
}

/**
 * Checks a British number. Its first seven digits are multiplied by 8 down to 2, and their sum plus the two check
 * digits must be a multiple of 97. In newer numbers, the sum plus 55 must be such a multiple.
 */
function isBritish(text: string): boolean {
  if (!/^\d{9}$/.test(text)) return false;
  let sum = Number(text.slice(7));
  for (let i = 0; i < 7; i += 1) sum += Number(text[i]) * (8 - i);
  return sum % 97 === 0 || (sum + 55) % 97 === 0;
}
