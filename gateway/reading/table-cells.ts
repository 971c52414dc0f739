import { parseDate } from '../values/dates.ts';
import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import type { PlacedColumn } from './table-columns.ts';
import type { Token } from '../printed/tokens.ts';
import { textOf } from '../printed/tokens.ts';
import { numberAt, parseValue } from './value-parsers.ts';
import type { Notation } from './value-parsers.ts';

/** Words in a tax column that mean "no tax" (rate 0). */
const NO_TAX =
  /^(?:isento|isenta|isen|isencao|ise|exempt|exonere|exento|esente|steuerfrei|befreit|zero|nenhuma|n\/a)$/i;

/** Reads the values in a cell: usually one. A quantity cell can also hold the unit (`2 HR`). */
export function readCell(
  column: PlacedColumn,
  tokens: readonly Token[],
  notation: Notation,
  table: string,
): [string, Found][] {
  const rule = `${table} column ${column.name}`;
  const one = (value: string | undefined, confidence: number): [string, Found][] =>
    value === undefined ? [] : [[column.name, foundIn(value, tokens, rule, confidence)]];
  switch (column.type) {
    case 'money': {
      const parsed = parseValue('money', tokens, notation);
      return withLeftOver(one(parsed?.value, parsed?.fit ?? 0), tokens.slice(parsed?.count));
    }
    case 'percent':
      return readPercent(column, tokens, notation, rule);
    case 'quantity':
      return readQuantity(column, tokens, notation, rule);
    case 'integer':
      return one(/^\d{1,6}(?:\.\d{1,4}){0,5}(?=\.?$)/.exec(textOf(tokens))?.[0], 0.9);
    case 'date': {
      const parsed = parseDate(textOf(tokens), notation.order);
      return one(parsed, 0.9);
    }
    case 'unit':
      return readUnit(tokens, notation, rule);
    case 'code':
      return one(textOf(tokens), 0.8);
    case 'text':
      return one(textOf(tokens), 0.9);
    case 'unknown':
      return [];
  }
}

/** Adds the text beside an amount, unless it is only a sign or the letter of a rate. */
function withLeftOver(cells: [string, Found][], rest: readonly Token[]): [string, Found][] {
  const leftOver = textOf(rest);
  return /\d|\p{L}{2}/u.test(leftOver) && !rest.some(({ text }) => text.startsWith('%'))
    ? cells.map(([name, found]) => [name, { ...found, leftOver }])
    : cells;
}

/** Reads a unit, and the number of units of the price if the cell states it: `3 PCE`. */
function readUnit(tokens: readonly Token[], notation: Notation, rule: string): [string, Found][] {
  const number = numberAt(tokens, notation.mark);
  const words = number ? tokens.slice(number.count) : tokens;
  // `Litre(s)` means one litre or several.
  const text = textOf(words).replace(/\s*\(s\)$/i, '');
  if (!/\p{L}|%/u.test(text)) return [];
  const unit: [string, Found] = ['unit', foundIn(text, words, rule, 0.8)];
  return number
    ? [unit, ['priceBase', foundIn(number.value, tokens.slice(0, number.count), rule, 0.8)]]
    : [unit];
}

function readPercent(
  column: PlacedColumn,
  tokens: readonly Token[],
  notation: Notation,
  rule: string,
): [string, Found][] {
  for (let i = 0; i < tokens.length; i += 1) {
    const parsed = parseValue('percent', tokens.slice(i), notation);
    if (parsed) return [[column.name, foundIn(parsed.value, tokens, rule, parsed.fit)]];
  }
  const text = textOf(tokens);
  const plain = text
    .normalize('NFD')
    .replace(/[\u0300-\u036f().]/g, '')
    .trim();
  if (NO_TAX.test(plain)) return [[column.name, foundIn('0', tokens, rule, 0.8)]];
  // A code (`NOR`, `A`) that another table of the document explains.
  return /^[(]?[\p{L}]{1,4}\d?[)]?$/u.test(text)
    ? [[`${column.name}Code`, foundIn(plain.toUpperCase(), tokens, rule, 0.6)]]
    : [];
}

function readQuantity(
  column: PlacedColumn,
  tokens: readonly Token[],
  notation: Notation,
  rule: string,
): [string, Found][] {
  const negative = /^[-\u2010-\u2015\u2212]$/.test(tokens[0]?.text ?? '') ? 1 : 0;
  const number = numberAt(tokens.slice(negative), notation.mark);
  if (number) {
    const used = tokens.slice(0, negative + number.count);
    const rest = tokens.slice(negative + number.count);
    const value = negative > 0 && !number.value.startsWith('-') ? `-${number.value}` : number.value;
    const cells: [string, Found][] = [[column.name, foundIn(value, used, rule, 0.95)]];
    if (rest.length > 0 && /\p{L}/u.test(textOf(rest)))
      cells.push(['unit', foundIn(textOf(rest).replace(/\s*\(s\)$/i, ''), rest, rule, 0.7)]);
    return cells;
  }
  // In `PCE 1,00` the unit comes first.
  const at = tokens.findIndex((token) => /^[-+]?\d/.test(token.text));
  if (at > 0) {
    const later = numberAt(tokens.slice(at), notation.mark);
    if (later)
      return [
        [column.name, foundIn(later.value, tokens.slice(at), rule, 0.8)],
        ['unit', foundIn(textOf(tokens.slice(0, at)), tokens.slice(0, at), rule, 0.6)],
      ];
  }
  const glued = /^([-+]?\d[\d.,]*)(\p{L}[\p{L}²³.]*)$/u.exec(tokens[0]?.text ?? '');
  const gluedNumber =
    glued?.[1] === undefined
      ? undefined
      : numberAt([{ ...(tokens[0] as Token), text: glued[1] }], notation.mark);
  if (glued && gluedNumber)
    return [
      [column.name, foundIn(gluedNumber.value, tokens, rule, 0.9)],
      ['unit', foundIn(glued[2] ?? '', tokens, rule, 0.7)],
    ];

  return /^\p{L}[\p{L}²³.]{0,8}$/u.test(textOf(tokens))
    ? [['unit', foundIn(textOf(tokens), tokens, rule, 0.6)]]
    : [];
}
