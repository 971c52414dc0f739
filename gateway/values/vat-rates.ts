/**
 * Rates of VAT above zero by country, in percent. They include the rates of Portugal's islands and rates that ended in
 * 2024 and 2025. Sources: "VAT rates applied in the Member States of the European Union", European Commission; HMRC for
 * the United Kingdom.
 */
const RATES: Readonly<Record<string, readonly string[]>> = {
  AT: ['20', '13', '10'], BE: ['21', '12', '6'], DE: ['19', '7', '16', '5'], DK: ['25'], ES: ['21', '10', '4'],
  FI: ['25.5', '24', '14', '10', '13.5'], FR: ['20', '10', '5.5', '2.1'], GB: ['20', '5'], IE: ['23', '13.5', '9', '4.8'],
  IT: ['22', '10', '5', '4'], LU: ['17', '16', '14', '13', '8', '7', '3'], NL: ['21', '9'], PL: ['23', '8', '5'],
  PT: ['23', '13', '6', '22', '12', '5', '16', '9', '4'], SE: ['25', '12', '6'], CH: ['8.1', '7.7', '2.6', '2.5', '3.8', '3.7'],
}; // prettier-ignore

/**
 * True when a country has this rate of VAT.
 * @param rate in percent, as a plain decimal
 */
export function isRateOf(country: string, rate: string): boolean {
  return RATES[country]?.some((own) => Number(own) === Number(rate)) ?? false;
}
