import type { Found } from '../printed/provenance.ts';
import type { ReadDocument } from './document.ts';
import { LEGAL_FORM } from './legal-forms.ts';
import { isNameLike } from './party-names.ts';
import type { BlockCell } from './text-blocks.ts';
import { textOf } from '../printed/tokens.ts';

/** A name is as sure as this, where nothing speaks against it, and where another line may be the name as well. */
export const SURE_NAME = 0.8;
export const DOUBTFUL_NAME = 0.5;

/** More lines of words between a name and its street than this: a person may stand there, and no more. */
const WORD_LINES_MAX = 1;
/** A street and its number, with nothing that a name of a company has. */
const STREET_WITH_NUMBER = /^\p{L}[\p{L}.' -]{3,}\s\d{1,4}\s?[a-z]?$/iu;
const NUMBER_WITH_STREET = /^\d{1,5}\s\p{L}[\p{L}.' -]{3,}$/iu;

/** The text around a name in its address. */
export interface NameInBlock {
  readonly name: BlockCell;
  /** The lines between it and the last line of the address. */
  readonly between: readonly BlockCell[];
  readonly hasStreet: boolean;
}

/**
 * True where the name of a party may be another line of its address: words that go on after a title without a colon have
 * more words under them, several lines of words stand above the street, or what is read as the name looks like a street.
 */
export function isDoubtful({ name, between, hasStreet }: NameInBlock, document: ReadDocument): boolean {
  const text = textOf(name.tokens);
  if (!hasStreet && STREET_WITH_NUMBER.test(text)) return true;
  if (NUMBER_WITH_STREET.test(text) && !LEGAL_FORM.test(text)) return true;
  const streetAt = between.findIndex((cell) => /\d/.test(textOf(cell.tokens)));
  const words = between.slice(0, Math.max(0, streetAt)).filter((cell) => isNameLike(cell.tokens));
  return words.length > (goesOnAfterTitle(name, document) ? 0 : WORD_LINES_MAX);
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

/** What the rule of a name ends with whose legal form was left out. */
export const FORM_APART = 'legal form stated apart';

/** `SARL au capital de 120 000 €`, with no name before it (Code de commerce, R123-238). */
const FORM_WITH_CAPITAL = /(?:^|\s[-–|•·]\s)(SARL|SASU|SAS|SA|EURL|SCI|SNC)\s+au capital\b/gim;

/**
 * A French company's registered name goes without its legal form, which stands before or behind it (Code de commerce,
 * L223-1, R123-53). Where the page states the form by itself as well, what stands behind the name is left out, with a doubt:
 * it may be part of the name.
 */
export function withoutFormApart(name: Found, document: ReadDocument): Found {
  const [, bare, form] = /^(.+\S)\s+(\p{L}+)$/u.exec(name.value) ?? [];
  if (bare === undefined || form === undefined) return name;
  const isApart = [...document.text.matchAll(FORM_WITH_CAPITAL)].some(
    (match) => match[1]?.toUpperCase() === form.toUpperCase(),
  );
  return isApart
    ? { ...name, value: bare, rule: `${name.rule}, ${FORM_APART}`, confidence: DOUBTFUL_NAME }
    : name;
}
