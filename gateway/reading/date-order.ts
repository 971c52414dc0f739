import { dateOrderOf } from '../values/dates.ts';
import type { DateOrder } from '../values/dates.ts';

/** Words of the five supported languages besides English. Pages in these languages write the day first. */
const OTHER_LANGUAGES =
  /\b(?:rechnung|gutschrift|facture|avoir|factura|fattura|fatura|nota de cr[eé]dito|nota di credito|datum|fecha|data d|échéance|vencimento)\b/iu;
/** Signs of a seller or a tax of the United States. */
const UNITED_STATES = [
  /\bsales tax\b/i,
  /\b[A-Z]{2},? \d{5}(?:-\d{4})?\b/,
  /\b(?:Inc|LLC|Corp)\b\.?/,
  /\bUSD\b|\bUS\$|\$\s?\d/,
  /\bEIN\b|\bUnited States\b|\bUSA\b/,
] as const;
const UNITED_STATES_MIN = 2;
/** Tax numbers of countries that write the day first. */
const DAY_FIRST_TAX_NUMBER = /\b(?:GB|IE|XI|DE|FR|ES|IT|PT|AT|BE|NL|LU|DK|FI|EL|PL|CZ)\s?[A-Z0-9]{2}\s?\d{3}/;

export interface OrderOfDates {
  readonly order: DateOrder;
  /**
   * True when nothing on the page shows the order of day and month. Dates that can be read in two ways are then
   * refused.
   */
  readonly isGuess: boolean;
}

/**
 * Finds the order in which a page writes day and month. An unambiguous date decides. Otherwise the page's language,
 * tax numbers and country decide.
 */
export function orderOfDates(words: readonly string[], text: string, usual: DateOrder): OrderOfDates {
  const told = dateOrderOf(words);
  if (told !== undefined) return { order: told, isGuess: false };
  const head = text.slice(0, 40_000);
  if (OTHER_LANGUAGES.test(head)) return { order: usual, isGuess: false };
  const unitedStates = UNITED_STATES.filter((sign) => sign.test(head)).length >= UNITED_STATES_MIN;
  const dayFirst = DAY_FIRST_TAX_NUMBER.test(head);
  if (unitedStates !== dayFirst) return { order: unitedStates ? 'mdy' : 'dmy', isGuess: false };
  return { order: usual, isGuess: true };
}
