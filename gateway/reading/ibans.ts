import type { Token, TokenLine } from '../printed/tokens.ts';
import { cellsOf, textOf } from '../printed/tokens.ts';
import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import { ibanLength, isIbanValid } from '../values/identifiers.ts';
import type { ReadDocument } from './document.ts';
import { parseValue } from './value-parsers.ts';

/** A value with its score and the index of its line. */
interface Scored extends Found {
  readonly score: number;
  readonly line: number;
}

/** The factor for an IBAN whose check digits are wrong. */
const UNSOUND_SHARE = 0.5;
const OWN_LINE_SCORE = 1.1;
/** The factor for an account without a label. */
const ALONE_SCORE = 0.4;
/** The second line of an IBAN stands at most this many font sizes below its first line. */
const REST_STEP_MAX = 2;
const MAY_BE_IBAN = /(?:^|[^A-Za-z0-9])[A-Z]{2}\d{2}[ A-Z0-9]{11}/;

/**
 * Finds the accounts of a page. Accounts with correct check digits come first. It joins an IBAN that continues on the
 * next line. If no account has a label and the page has exactly one valid IBAN, it takes that IBAN.
 */
export function ibanCandidates(labelled: readonly Scored[], document: ReadDocument): Scored[] {
  const whole = labelled.map((candidate) => withRest(inOwnLine(candidate, document), document));
  const all = whole.length > 0 ? whole : ibanWithoutLabel(document);
  return all.map((candidate) =>
    isSound(candidate.value) ? candidate : { ...candidate, score: candidate.score * UNSOUND_SHARE },
  );
}

function isSound(value: string): boolean {
  return value.length === ibanLength(value) && isIbanValid(value);
}

/**
 * Raises the score of a line that holds only the label and the account. The distance between the two does not matter.
 */
function inOwnLine(candidate: Scored, document: ReadDocument): Scored {
  const text = document.lines[candidate.line]?.text ?? '';
  const isBare = candidate.raw.replace(/[^A-Za-z\d]/g, '').toUpperCase() === candidate.value;
  const isOwn = isBare && /^\W*IBAN\W*$/i.test(text.replace(candidate.raw, ''));
  return isOwn ? { ...candidate, score: Math.max(candidate.score, OWN_LINE_SCORE) } : candidate;
}

/** Adds the groups of digits on the next line, if the IBAN then has the length of its country. */
function withRest(candidate: Scored, document: ReadDocument): Scored {
  const { value, box } = candidate;
  const from = document.lines[candidate.line];
  const lacking = (ibanLength(value) ?? 0) - value.length;
  if (lacking <= 0 || box === undefined || from === undefined) return candidate;
  for (const line of document.lines.slice(from.index + 1)) {
    if (line.page !== from.page || line.y - from.y > REST_STEP_MAX * from.size) break;
    const rest = cellsOf(line).find((cell) => Math.abs((cell[0]?.x0 ?? 0) - box.x0) < 3);
    const text = rest ? textOf(rest).replace(/\s/g, '') : '';
    if (rest === undefined || text.length !== lacking || !/^[A-Z\d]+$/.test(text)) continue;
    const start = from.tokens.filter((token) => token.x0 >= box.x0 - 1 && token.x1 <= box.x1 + 1);
    const { rule, confidence, score } = candidate;
    return { ...foundIn(value + text, [...start, ...rest], rule, confidence), score, line: candidate.line };
  }
  return candidate;
}

/** Finds the only valid IBAN of a page on which no IBAN has a label. Returns none if there are several. */
function ibanWithoutLabel(document: ReadDocument): Scored[] {
  if (!MAY_BE_IBAN.test(document.text)) return [];
  const found = document.lines.filter(({ text }) => MAY_BE_IBAN.test(text)).flatMap(ibansIn(document));
  return new Set(found.map(({ value }) => value)).size === 1 ? found.slice(0, 1) : [];
}

function ibansIn(document: ReadDocument): (line: TokenLine) => Scored[] {
  return (line) =>
    line.tokens.flatMap((token, at): Scored[] => {
      if (!/^[A-Z]{2}\d{2}/.test(token.text)) return [];
      const rest: readonly Token[] = line.tokens.slice(at);
      const parsed = parseValue('iban', rest, document.notation);
      if (!parsed || !isSound(parsed.value)) return [];
      const found = foundIn(parsed.value, rest.slice(0, parsed.count), 'an IBAN by itself', ALONE_SCORE);
      return [{ ...found, score: ALONE_SCORE, line: line.index }];
    });
}
