import type { Found } from '../printed/provenance.ts';
import type { ReadDocument } from './document.ts';
import { LEGAL_FORM } from './legal-forms.ts';
import { isNameLike } from './party-names.ts';
import type { BlockCell } from './text-blocks.ts';
import { keyOf, textOf } from '../printed/tokens.ts';

/** The confidence of a name about which there is no doubt. */
export const SURE_NAME = 0.8;
export const DOUBTFUL_NAME = 0.5;

/** At most this many lines of words, such as a person, may stand between a name and its street. */
const WORD_LINES_MAX = 1;
/** A street with its number, and no word of a company's name. */
const STREET_WITH_NUMBER = /^\p{L}[\p{L}.' -]{3,}\s\d{1,4}\s?[a-z]?$/iu;
const NUMBER_WITH_STREET = /^\d{1,5}\s\p{L}[\p{L}.' -]{3,}$/iu;

/** The text around a name in its address. */
export interface NameInBlock {
  readonly name: BlockCell;
  /** The lines between the name and the last line of the address. */
  readonly between: readonly BlockCell[];
  readonly hasStreet: boolean;
}

/**
 * True when another line of the address may be the name. There are three signs. The words after a title without a colon
 * continue on the next line. Several lines of words stand above the street. Or the name looks like a street.
 */
export function isDoubtful({ name, between, hasStreet }: NameInBlock, document: ReadDocument): boolean {
  const text = textOf(name.tokens);
  if (!hasStreet && STREET_WITH_NUMBER.test(text)) return true;
  if (NUMBER_WITH_STREET.test(text) && !LEGAL_FORM.test(text)) return true;
  const streetAt = between.findIndex((cell) => /\d/.test(textOf(cell.tokens)));
  const words = between.slice(0, Math.max(0, streetAt)).filter((cell) => isNameLike(cell.tokens));
  if (goesOnAfterTitle(name, document)) return words.length > 0;
  // A company's name has its legal form. Persons and departments under the name have no legal form.
  const isOnlyFormal = LEGAL_FORM.test(text) && !words.some(({ tokens }) => LEGAL_FORM.test(textOf(tokens)));
  return words.length > WORD_LINES_MAX && !isOnlyFormal;
}

function goesOnAfterTitle({ tokens, line }: BlockCell, document: ReadDocument): boolean {
  const at = tokens[0] ? line.tokens.indexOf(tokens[0]) : -1;
  const title = (document.hits[line.index] ?? []).find((hit) => hit.to === at);
  return (
    title !== undefined &&
    title.uses.some((use) => use.owner.startsWith('party:')) &&
    line.tokens[at - 1]?.text.endsWith(':') === false
  );
}

/** The words at the end of a value's rule when the legal form was removed from the name. */
export const FORM_APART = 'legal form stated apart';

/**
 * A legal form with the capital and without a name in front: `SARL au capital de 120 000 €` (Code de commerce,
 * R123-238).
 */
const FORM_WITH_CAPITAL = /(?:^|\s[-–|•·]\s)(SARL|SASU|SAS|SA|EURL|SCI|SNC)\s+au capital\b/gim;

/**
 * Removes a French legal form after the name if the page also states the form alone. The registered name does not
 * include the form (Code de commerce, L223-1, R123-53). The result is in doubt, because the form may be part of the
 * name, unless the seller's web or mail address is the name without it and the page prints the name with it only once.
 */
export function withoutFormApart(name: Found, document: ReadDocument): Found {
  const [, bare, form] = /^(.+\S)\s+(\p{L}+)$/u.exec(name.value) ?? [];
  if (bare === undefined || form === undefined) return name;
  const isApart = [...document.text.matchAll(FORM_WITH_CAPITAL)].some(
    (match) => match[1]?.toUpperCase() === form.toUpperCase(),
  );
  if (!isApart) return name;
  const isSure = isDomain(bare, document.text) && timesPrinted(name.value, document.text) === 1;
  const confidence = isSure ? name.confidence : DOUBTFUL_NAME;
  return { ...name, value: bare, rule: `${name.rule}, ${FORM_APART}`, confidence };
}

function timesPrinted(name: string, text: string): number {
  return text.toLowerCase().split(name.toLowerCase()).length - 1;
}

/** The name of a domain in a web or mail address. */
const DOMAIN = /(?:www\.|@)([a-z0-9-]+)\.[a-z]{2,6}\b/gi;

/** True when a web or mail address in the text consists only of the name: `www.moulin-vert.fr`. */
function isDomain(name: string, text: string): boolean {
  const wanted = keyOf(name);
  return [...text.matchAll(DOMAIN)].some(([, domain = '']) => keyOf(domain) === wanted);
}
