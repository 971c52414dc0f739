/** The languages that the mappings read. A country's name may be printed in any of them. */
const LANGUAGES = ['pt', 'en', 'de', 'fr', 'es', 'it'] as const;

/** Codes of ISO 3166-1 alpha-2: Europe and its main trading partners. ICU has their names. */
const CODES =
  'AD AE AL AO AR AT AU BA BE BG BR BY CA CH CL CN CO CV CY CZ DE DK DZ EE EG ES FI FR GB GE GI GR GW HK HR HU IE IL IN IS IT JP KR LI LT LU LV MA MC MD ME MK MO MT MX MZ NG NL NO NZ PE PL PT RO RS RU SA SE SG SI SK SM ST TH TL TN TR TW UA US UY VA VN ZA'.split(
    ' ',
  );

/** Names in use that ICU lacks. */
const MORE_NAMES: Readonly<Record<string, string>> = {
  uk: 'GB', 'u k': 'GB', 'great britain': 'GB', england: 'GB', scotland: 'GB', wales: 'GB', 'northern ireland': 'GB',
  inglaterra: 'GB', grossbritannien: 'GB', angleterre: 'GB', usa: 'US', 'u s a': 'US', 'united states of america': 'US', eua: 'US',
  holland: 'NL', holanda: 'NL', 'the netherlands': 'NL', 'czech republic': 'CZ', 'republica checa': 'CZ', tschechien: 'CZ',
  'republic of ireland': 'IE', eire: 'IE', 'republica portuguesa': 'PT', 'bundesrepublik deutschland': 'DE', belgica: 'BE', brd: 'DE',
}; // prettier-ignore

let names: ReadonlyMap<string, string> | undefined;

/**
 * Returns the ISO code of a country if the text is only its name. Accepted are `Deutschland`, `ESPAÑA`, `DE`, a name in
 * two languages (`Deutschland / Germany`), and a name with a region in capitals (`Ireland - LEINSTER`).
 */
export function countryNamed(text: string): string | undefined {
  const [first = '', ...others] = text.split(/\s[-–/]\s|\//);
  const country = nameOrCode(first);
  const isOneCountry = others.every(
    (other) => nameOrCode(other) === country || PART_IN_CAPITALS.test(other.trim()),
  );
  return isOneCountry ? country : undefined;
}

const PART_IN_CAPITALS = /^\p{Lu}{2,20}$/u;

function nameOrCode(text: string): string | undefined {
  const bare = text.trim().replace(/^[-–(\s]+|[).,;:\s]+$/g, '');
  if (/^[A-Z]{2}$/.test(bare)) return CODES.includes(bare) ? bare : undefined;
  names ??= allNames();
  return names.get(keyOfName(bare));
}

function allNames(): Map<string, string> {
  const known = new Map(Object.entries(MORE_NAMES));
  for (const language of LANGUAGES) {
    const name = new Intl.DisplayNames([language], { type: 'region' });
    for (const code of CODES) known.set(keyOfName(name.of(code) ?? code), code);
  }
  return known;
}

function keyOfName(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[^\p{L}]+/gu, ' ')
    .trim();
}

/** Letters in front of a postal code (UPU): one or two letters as on number plates, or the ISO code. */
const POST_LETTERS: Readonly<Record<string, string>> = {
  A: 'AT', B: 'BE', D: 'DE', E: 'ES', F: 'FR', H: 'HU', I: 'IT', L: 'LU', N: 'NO', P: 'PT', S: 'SE', EL: 'GR',
}; // prettier-ignore

/** The country of the letters in front of a postal code. */
export function countryOfPostLetters(letters: string): string | undefined {
  return POST_LETTERS[letters] ?? (CODES.includes(letters) ? letters : undefined);
}

/** Forms of postal codes that only one country uses. */
const POSTAL_FORMS: readonly (readonly [string, RegExp])[] = [
  ['PT', /(?:^|\s)\d{4}-\d{3}(?:\s|$)/],
  ['GB', /(?:^|\s)(?:GIR 0AA|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2})$/],
  ['NL', /(?:^|\s)[1-9]\d{3} ?[A-Z]{2}(?:\s+\p{L}{3}|$)/u],
  ['PL', /(?:^|\s)\d{2}-\d{3}(?:\s|$)/],
];

/** The country of the postal code on a line of an address, if only one country uses its form. */
export function countryOfPostalForm(line: string): string | undefined {
  return POSTAL_FORMS.find(([, form]) => form.test(line.trim()))?.[0];
}

/** Forms of domestic postal codes that several countries share. */
const FORMS_AT_HOME: Readonly<Record<string, RegExp>> = {
  AT: /^\d{4}$/, BE: /^\d{4}$/, CH: /^\d{4}$/, DE: /^\d{5}$/, DK: /^\d{4}$/, ES: /^\d{5}$/, FI: /^\d{5}$/, FR: /^\d{5}$/,
  IT: /^\d{5}$/, LU: /^\d{4}$/, NO: /^\d{4}$/, SE: /^\d{3} ?\d{2}$/, PT: /^\d{4}-\d{3}$/, NL: /^\d{4} ?[A-Z]{2}$/, PL: /^\d{2}-\d{3}$/,
}; // prettier-ignore

/** True when a postal code has the form that a country uses. */
export function isPostalCodeOf(country: string, code: string): boolean {
  return FORMS_AT_HOME[country]?.test(code) ?? false;
}

/**
 * Finds the country of an address from its lines, without the name above them. The last line that is a country's
 * name, or that ends with a comma and a country's name, decides. Otherwise the form of the postal code decides.
 */
export function countryOfAddress(lines: readonly string[]): string | undefined {
  for (const line of lines.toReversed()) {
    const [, afterComma] = /,([^,]+)$/.exec(line) ?? [];
    const named = countryNamed(line) ?? (afterComma === undefined ? undefined : countryNamed(afterComma));
    if (named !== undefined) return named;
  }
  return lines.map(countryOfPostalForm).find((country) => country !== undefined);
}
