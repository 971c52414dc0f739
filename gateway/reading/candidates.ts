import type { FieldRule } from '../mapping/mapping-schema.ts';
import { linearPattern } from '../mapping/linear-pattern.ts';
import type { ReadDocument } from './document.ts';
import { discountDates, EARLY_DISCOUNT, isBeforePeriod, labelShare } from './label-worth.ts';
import { ibanCandidates } from './ibans.ts';
import { valueBeside } from './beside-values.ts';
import { isIncludedTax } from './included-tax.ts';
import type { LabelHit } from './labels.ts';
import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import { referenceShare } from './references.ts';
import type { Area } from './regions.ts';
import { isInside } from './regions.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { cellsOf } from '../printed/tokens.ts';
import type { ParsedValue } from './value-parsers.ts';
import { isNumberWord, parseValue, wordsAfterNumber } from './value-parsers.ts';

/** A candidate for the value of a field, with its score. */
export interface Candidate extends Found {
  readonly score: number;
  readonly line: number;
  /** The words right after a document's number that may be part of the number. */
  readonly followingWords?: string | undefined;
}

/** A value may stand at most this many line heights below its label. */
const BELOW_LINES_MAX = 3.4;
/** The most words that may stand between a label and its value. */
const NOISE_WORDS_MAX = 3;
const CANDIDATES_PER_FIELD_MAX = 40;

const NO_DATES: ReadonlySet<string> = new Set();

/** The lines on which a field is searched. */
interface SearchedLines {
  /** The area in which labels count; undefined for the whole document. */
  readonly area?: Area | undefined;
  /** Lines of the item table, whose words are not labels. */
  readonly itemLines: ReadonlySet<number>;
}

/** Finds all candidates of a field, best first. */
export function candidatesFor(
  name: string,
  rule: FieldRule,
  document: ReadDocument,
  { area, itemLines }: SearchedLines,
): Candidate[] {
  const all: Candidate[] = [];
  for (const { hit, weight } of document.hitsByOwner.get(`field:${name}`) ?? []) {
    const { line } = hit;
    // The titles of columns and the names of goods are not labels of totals.
    if (rule.type === 'money' && isIncludedTax(hit)) continue;
    if (rule.type === 'date' && VERSION.test(line.text)) continue;
    if (name === 'issueDate' && isBeforePeriod(hit, document)) continue;
    if (itemLines.has(line.index) || (area && !isInside(area, line, hit.x0))) continue;
    for (const direction of rule.directions) {
      const reach = direction === 'right' ? rightOf(hit, rule, document) : belowOf(hit, rule, document);
      if (BESIDE_TYPES.has(rule.type) && direction === 'right' && reach.length === 0)
        reach.push(...besideOf(hit, rule, document));
      if (name === 'dueDate' && direction === 'right') reach.push(...afterDiscountDate(hit, document));
      const worth = weight * positionFactor(hit, line, document, rule) * labelShare(name, hit, document);
      all.push(...reach.map((c) => ({ ...c, score: c.score * worth })));
    }
  }
  for (const pattern of rule.patterns ?? []) all.push(...byPattern(pattern, rule, document));
  if (all.length === 0 && rule.type === 'date' && rule.required) all.push(...datesWithoutLabel(document));
  const notDue = name === 'dueDate' && all.length > 0 ? discountDates(document) : NO_DATES;
  const fitting = all.filter(
    ({ value }) =>
      !notDue.has(value) && (rule.mustMatch === undefined || linearPattern(rule.mustMatch).test(value)),
  );
  if (rule.type === 'iban') return distinct(ibanCandidates(fitting, document));
  return distinct(
    fitting.map((c) => (rule.unsigned && c.value.startsWith('-') ? { ...c, value: c.value.slice(1) } : c)),
  );
}

/** A date after a label is not the document's date if the line states the version of a program or of a list. */
const VERSION = /\bversion\b/iu;

/**
 * Computes the factor of a label for its position. Headings and complete cells count more than words in running text.
 * Labels of amounts count more at the end of the document, all other labels at its start.
 */
function positionFactor(hit: LabelHit, line: TokenLine, document: ReadDocument, rule: FieldRule): number {
  const startsCell = hit.from === 0 || (line.tokens[hit.from]?.gap ?? 0) > 0.9;
  const size = line.size > document.bodySize * 1.25 ? 1.06 : 1;
  const share = line.index / Math.max(document.lines.length, 1);
  const place = rule.type === 'money' ? 0.97 + 0.03 * share : 1 - 0.06 * share;
  const sideways = (line.rotated ? 0.9 : 1) * referenceShare(hit.from, line, rule);
  return (startsCell ? 1 : 0.86) * size * place * sideways;
}

function rightOf(hit: LabelHit, rule: FieldRule, document: ReadDocument): Candidate[] {
  const line = hit.line;
  const isNumber = rule.type === 'documentNumber';
  const next = (document.hits[line.index] ?? []).find(
    (other) =>
      other.from >= hit.to &&
      !(isNumber && isNumberWord(other.key)) &&
      !(rule.type === 'money' && isIncludedTax(other)),
  );
  const tokens = line.tokens.slice(hit.to, next ? next.from : undefined);
  const found: Candidate[] = [];
  if (tokens.length === 0 && rule.type === 'date') found.push(...afterLineEnd(hit, rule, document));
  let score = 1;
  let noise = 0;
  for (let at = 0; at < tokens.length && noise <= NOISE_WORDS_MAX && found.length < 4;) {
    const rest = tokens.slice(at);
    const parsed = parseValue(rule.type, rest, document.notation);
    // A figure that may be no amount, and that follows several words, is part of a sentence: `TVA non applicable,
    // article 293 B`.
    if (parsed && !(rule.type === 'money' && noise >= 2 && parsed.fit < 1)) {
      const first = rest[0] as Token;
      const distance = Math.max(0, (first.x0 - hit.x1) / Math.max(line.size, 1));
      const far = rule.type === 'money' ? 0.0015 * distance : 0.006 * distance;
      const confidence = Math.max(0.2, score * parsed.fit - Math.min(far, 0.3));
      const read = rest.slice(0, parsed.count);
      const own = candidate(parsed.value, { tokens: read, line }, `label "${hit.text}" right`, confidence);
      found.push(isNumber ? { ...own, followingWords: wordsAfterNumber(rest.slice(parsed.count)) } : own);
      if (rule.type !== 'money') break;
      score *= 0.72;
      at += parsed.count;
      continue;
    }
    const token = rest[0] as Token;
    if (token.key !== '' && !/^[([]/.test(token.text) && !/%/.test(token.text)) {
      noise += 1;
      score *= rule.type === 'money' ? 0.82 : 0.75;
    }
    if (rule.type === 'text') break;
    at += 1;
  }
  return found;
}

/** The lines of one title are at most this many font sizes apart. */
const TITLE_LINE_STEP_MAX = 1.7;

/**
 * Reads the date at the start of the next line when a title ends with its label: `Invoice no. 4711 of / 5 March 2018`.
 */
function afterLineEnd({ line }: LabelHit, rule: FieldRule, document: ReadDocument): Candidate[] {
  const next = document.lines[line.index + 1];
  const isTitle = line.size > document.bodySize * 1.25 && next?.page === line.page && next.size === line.size;
  if (!isTitle || next.y - line.y > TITLE_LINE_STEP_MAX * line.size) return [];
  const parsed = parseValue(rule.type, next.tokens, document.notation);
  const isUnder = Math.abs((next.tokens[0]?.x0 ?? 0) - (line.tokens[0]?.x0 ?? 0)) < line.size;
  if (!parsed || !isUnder) return [];
  const place = { tokens: next.tokens.slice(0, parsed.count), line: next };
  return [candidate(parsed.value, place, 'label at the end of the title', 1)];
}

/** Types of values that may stand beside their label on a line slightly higher or lower. */
const BESIDE_TYPES: ReadonlySet<FieldRule['type']> = new Set(['money', 'date', 'documentNumber']);

function besideOf(hit: LabelHit, rule: FieldRule, document: ReadDocument): Candidate[] {
  const found = valueBeside(hit, rule, document);
  return found ? [candidate(found.value, found, `label "${hit.text}" beside`, 0.8)] : [];
}

/** Takes the last date of a sentence such as `Payable by 21.03. less 2 %, by 13.04. net` as the due date. */
function afterDiscountDate(hit: LabelHit, document: ReadDocument): Candidate[] {
  const { line } = hit;
  if (!EARLY_DISCOUNT.test(line.text)) return [];
  let last: Candidate | undefined;
  for (let at = hit.to; at < line.tokens.length; at += 1) {
    const rest = line.tokens.slice(at);
    const parsed = parseValue('date', rest, document.notation);
    if (!parsed || (last !== undefined && parsed.value <= last.value)) continue;
    const place = { tokens: rest.slice(0, parsed.count), line };
    last = candidate(parsed.value, place, `label "${hit.text}", net date`, 1);
  }
  return last ? [{ ...last, score: 1.2 }] : [];
}

function belowOf(hit: LabelHit, rule: FieldRule, document: ReadDocument): Candidate[] {
  const size = hit.line.size;
  for (let i = hit.line.index + 1; i < document.lines.length; i += 1) {
    const line = document.lines[i] as TokenLine;
    if (line.page !== hit.line.page || line.rotated !== hit.line.rotated) break;
    const drop = line.y - hit.line.y;
    if (drop > BELOW_LINES_MAX * size) break;
    if (drop < 0.5 * size) continue;
    for (const cell of cellsOf(line)) {
      const first = cell[0] as Token;
      const last = cell.at(-1) as Token;
      if (last.x1 < hit.x0 - 1 || first.x0 > hit.x1 + 1) continue;
      const start = cell.findIndex((token) => token.x1 > hit.x0 - 0.5 * size || token === first);
      const tokens = first.x0 >= hit.x0 - size * 4 ? cell : cell.slice(start);
      const blocked = (document.hits[line.index] ?? []).some(
        (other) => other.from === line.tokens.indexOf(tokens[0] as Token),
      );
      // `Description | Due date` under `Payment terms` are titles of a table, not text.
      if (rule.type === 'text' && isRowOfTitles(line, document)) return [];
      const parsed = blocked ? undefined : valueIn(tokens, rule, document);
      if (parsed) {
        const slant = Math.min(Math.abs(first.x0 - hit.x0), Math.abs(last.x1 - hit.x1)) / Math.max(size, 1);
        const score =
          parsed.fit * (0.9 - 0.05 * Math.max(0, drop / size - 1.2)) - Math.min(0.012 * slant, 0.2);
        const place = { tokens: tokens.slice(parsed.from, parsed.from + parsed.count), line };
        const own = candidate(parsed.value, place, `label "${hit.text}" below`, score);
        return rule.type === 'money' ? [own, ...furtherBelow(hit, own, document)] : [own];
      }
      // Other text stands directly under the label, so the label has no value below.
      if (!blocked && rule.type !== 'money') return [];
    }
  }
  return [];
}

/** Parses the start of a cell, or the date behind a number: `4711 / 07.01.2025` under `Number/Date`. */
function valueIn(
  tokens: readonly Token[],
  rule: FieldRule,
  document: ReadDocument,
): (ParsedValue & { readonly from: number }) | undefined {
  const parsed = parseValue(rule.type, tokens, document.notation);
  if (parsed || rule.type !== 'date') return parsed && { ...parsed, from: 0 };
  const from = tokens.findIndex(({ text }) => text === '/') + 1;
  const behind = from === 0 ? undefined : parseValue(rule.type, tokens.slice(from), document.notation);
  return behind && { ...behind, from };
}

/** Labels of at least this many amounts on one line are the titles of a table of totals. */
const TITLES_OF_TOTALS_MIN = 3;
/** At most this many rows of such a table are read. */
const TOTALS_ROWS_MAX = 6;
/** Each row below the first is worth this share of the row above it. */
const LOWER_ROW_SHARE = 0.97;

/** Reads the amounts below the first one in a table of totals, which has a row for each rate and may have their sum. */
function furtherBelow(hit: LabelHit, first: Candidate, document: ReadDocument): Candidate[] {
  const ofAmounts = (document.hits[hit.line.index] ?? []).filter(({ uses }) =>
    uses.some(({ owner }) => MONEY_OWNERS.has(owner)),
  );
  if (ofAmounts.length < TITLES_OF_TOTALS_MIN) return [];
  const found: Candidate[] = [];
  let above = document.lines[first.line] as TokenLine;
  for (const line of document.lines.slice(first.line + 1, first.line + 1 + TOTALS_ROWS_MAX)) {
    if (line.page !== above.page || line.y - above.y > BELOW_LINES_MAX * above.size) break;
    const cell = cellsOf(line).find(
      (tokens) => Math.abs((tokens.at(-1)?.x1 ?? 0) - (first.box?.x1 ?? 0)) < 2,
    );
    const parsed = cell && parseValue('money', cell, document.notation);
    if (!cell || !parsed) continue;
    above = line;
    const score = first.score * LOWER_ROW_SHARE ** (found.length + 1);
    found.push(candidate(parsed.value, { tokens: cell, line }, `label "${hit.text}" below`, score));
  }
  return found;
}

const MONEY_OWNERS: ReadonlySet<string> = new Set(['field:net', 'field:tax', 'field:grand', 'field:payable']);

/** True for a line of several cells in which at least one cell is exactly a label. */
function isRowOfTitles(line: TokenLine, document: ReadDocument): boolean {
  const cells = cellsOf(line);
  const hits = document.hits[line.index] ?? [];
  return (
    cells.length > 1 &&
    cells.some((cell) =>
      hits.some((hit) => line.tokens[hit.from] === cell[0] && line.tokens[hit.to - 1] === cell.at(-1)),
    )
  );
}

/** Finds the date of a letter: alone in its cell, in the upper half of the first page. */
function datesWithoutLabel(document: ReadDocument): Candidate[] {
  const found: Candidate[] = [];
  for (const line of document.lines.slice(0, Math.ceil(document.lines.length / 2))) {
    if (line.page > 1 || line.rotated) break;
    for (const cell of cellsOf(line)) {
      const from = afterPlace(cell);
      const tokens = cell.slice(from);
      const parsed = parseValue('date', tokens, document.notation);
      if (parsed?.count !== tokens.length) continue;
      const score = 0.4 - 0.1 * (line.index / document.lines.length);
      found.push(candidate(parsed.value, { tokens, line }, 'a date by itself', score));
    }
  }
  return found;
}

/** Index at which the date begins in `Lyon, le 3 mai 2025`: after the place and the word in front of the day. */
function afterPlace(cell: readonly Token[]): number {
  const comma = cell.findIndex((token) => /^\p{Lu}.*,$/u.test(token.text));
  if (comma < 0 || comma > PLACE_WORDS_MAX) return 0;
  return /^(?:le|den|a|il|em|on|li)$/.test(cell[comma + 1]?.key ?? '') ? comma + 2 : comma + 1;
}

/** The name of a place in front of a date has at most this many words after its first word. */
const PLACE_WORDS_MAX = 3;

function byPattern(source: string, rule: FieldRule, document: ReadDocument): Candidate[] {
  const pattern = linearPattern(source);
  const found: Candidate[] = [];
  if (!pattern.mayMatch(document.text)) return found;
  for (const line of document.lines) {
    const { text } = line;
    const match = text.length > 4000 ? undefined : pattern.first(text);
    if (!match) continue;
    let at = 0;
    const tokens = line.tokens.filter((token) => {
      const from = at;
      const to = at + token.text.length;
      at = to + 1;
      return from < match.end && to > match.start;
    });
    const typed =
      rule.type === 'text' || rule.type === 'pattern'
        ? undefined
        : parseValue(rule.type, tokens, document.notation);
    if (rule.type !== 'text' && rule.type !== 'pattern' && !typed) continue;
    const position = 1 - (0.05 * line.index) / Math.max(document.lines.length, 1);
    const [first] = tokens;
    const share = first ? referenceShare(line.tokens.indexOf(first), line, rule) : 1;
    const score = 0.88 * position * share;
    found.push(candidate(typed?.value ?? match.value, { tokens, line }, `pattern ${source}`, score));
    if (found.length >= CANDIDATES_PER_FIELD_MAX) break;
  }
  return found;
}

function candidate(
  value: string,
  { tokens, line }: { readonly tokens: readonly Token[]; readonly line: TokenLine },
  rule: string,
  score: number,
): Candidate {
  return { ...foundIn(value, tokens, rule, Math.min(1, Math.max(0, score))), score, line: line.index };
}

/** Keeps the best candidate for each value on each line, best first. */
function distinct(all: Candidate[]): Candidate[] {
  const best = new Map<string, Candidate>();
  for (const c of all) {
    const key = `${c.value}|${c.line}`;
    const known = best.get(key);
    if (!known || c.score > known.score) best.set(key, c);
  }
  return [...best.values()].sort((a, b) => b.score - a.score).slice(0, CANDIDATES_PER_FIELD_MAX);
}
