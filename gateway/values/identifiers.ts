/**
 * True for nine digits with the correct check digit of a Portuguese NIF (modulo 11, numbers of Decreto-Lei 14/2013).
 */
export function isNif(text: string): boolean {
  if (!/^[1-9]\d{8}$/.test(text)) return false;
  let sum = 0;
  for (let i = 0; i < 8; i += 1) sum += Number(text[i]) * (9 - i);
  const rest = sum % 11;
  return Number(text[8]) === (rest < 2 ? 0 : 11 - rest);
}

/** Forms of VAT identification numbers by country prefix (Council Directive 2006/112/EC, article 215; VIES). */
const VAT_SHAPES: Readonly<Record<string, RegExp>> = {
  AT: /^U\d{8}$/, BE: /^[01]\d{9}$/, BG: /^\d{9,10}$/, CY: /^\d{8}[A-Z]$/, CZ: /^\d{8,10}$/, DE: /^\d{9}$/,
  DK: /^\d{8}$/, EE: /^\d{9}$/, EL: /^\d{9}$/, ES: /^[A-Z0-9]\d{7}[A-Z0-9]$/, FI: /^\d{8}$/,
  FR: /^[A-HJ-NP-Z0-9]{2}\d{9}$/, GB: /^(\d{9}|\d{12}|GD\d{3}|HA\d{3})$/, HR: /^\d{11}$/, HU: /^\d{8}$/,
  IE: /^\d[A-Z0-9+*]\d{5}[A-Z]{1,2}$/, IT: /^\d{11}$/, LT: /^(\d{9}|\d{12})$/, LU: /^\d{8}$/, LV: /^\d{11}$/,
  MT: /^\d{8}$/, NL: /^\d{9}B\d{2}$/, PL: /^\d{10}$/, PT: /^\d{9}$/, RO: /^\d{2,10}$/, SE: /^\d{12}$/,
  SI: /^\d{8}$/, SK: /^\d{10}$/, XI: /^(\d{9}|\d{12})$/, CHE: /^\d{9}(MWST|TVA|IVA)?$/, NO: /^\d{9}(MVA)?$/,
}; // prettier-ignore

/** A VAT number with its country prefix and without separators; undefined for a text of another form. */
export function parseVatId(text: string): string | undefined {
  const bare = text.toUpperCase().replace(/[\s.\-/]/g, '');
  const match = /^(CHE|[A-Z]{2})([A-Z0-9+*]{2,12})$/.exec(bare);
  if (!match) return undefined;
  return VAT_SHAPES[match[1] ?? '']?.test(match[2] ?? '') ? bare : undefined;
}

/** Length of an IBAN by country (ISO 13616 registry), for the countries with IBANs. */
const IBAN_LENGTHS: Readonly<Record<string, number>> = {
  AD: 24, AT: 20, BE: 16, BG: 22, CH: 21, CY: 28, CZ: 24, DE: 22, DK: 18, EE: 20, ES: 24, FI: 18, FR: 27, GB: 22,
  GI: 23, GR: 27, HR: 21, HU: 28, IE: 22, IS: 26, IT: 27, LI: 21, LT: 20, LU: 20, LV: 21, MC: 27, MT: 31, NL: 18,
  NO: 15, PL: 28, PT: 25, RO: 24, SE: 24, SI: 19, SK: 24, SM: 27,
}; // prettier-ignore

/** The length of an IBAN of the text's country; undefined for a country without IBANs. */
export function ibanLength(text: string): number | undefined {
  return IBAN_LENGTHS[text.slice(0, 2).toUpperCase()];
}

/** An IBAN without blanks; undefined for a text of another form. The length may be wrong because of a misprint. */
export function parseIban(text: string): string | undefined {
  const bare = text.toUpperCase().replace(/[\s.-]/g, '');
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(bare) || ibanLength(bare) === undefined) return undefined;
  return bare;
}

/** True when the check digits are correct (ISO 7064 MOD 97-10). */
export function isIbanValid(iban: string): boolean {
  const moved = iban.slice(4) + iban.slice(0, 4);
  let rest = 0;
  for (const char of moved) {
    const digits = /\d/.test(char) ? char : String(char.charCodeAt(0) - 55);
    for (const digit of digits) rest = (rest * 10 + Number(digit)) % 97;
  }
  return rest === 1;
}

/** ATCUD: validation code of at least 8 characters, hyphen, sequential number (Portaria 195/2020, article 3). */
export const ATCUD = /^(?:ATCUD:?\s*)?([A-Z0-9]{8,}-\d+)$/;
