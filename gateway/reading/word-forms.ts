import type { TableRule } from '../mapping/mapping-schema.ts';
import { remembered } from '../values/remembered.ts';
import { currencyOf, plainDashes, withoutCurrency } from '../values/numbers.ts';
import { isUnit } from '../values/units.ts';

/** What a column holds; `unknown` when its title is unknown. */
export type ColumnType = TableRule['columns'][string]['type'] | 'unknown';

/** What the cost of a form depends on in a column. */
interface ColumnOfWords {
  readonly type: ColumnType;
  readonly holdsWords: boolean;
}

export const ALIEN_NUMBER = 14;
export const ALIEN_TEXT = 60;

/** What the form of a word costs in each type of column. It depends on the text alone. */
export interface WordForm {
  /** True for a figure. */
  readonly number: boolean;
  readonly money: number;
  readonly quantity: number;
  readonly percent: number;
  readonly integer: number;
  readonly unit: number;
  readonly date: number;
  readonly code: number;
  readonly text: number;
}

const FORMS_KEPT_MAX = 2000;

/** Returns the form of a word. */
export const formOf = remembered(computedForm, FORMS_KEPT_MAX);

/** A word in front of one of several amounts in a cell: `(Gross:`. */
const LABEL_IN_CELL = /^\(\p{L}[\p{L}.]*\)?:$/u;

/** Positions of lines: `1`, `000010`, `01.02.003`. */
const ORDINAL = /^\d{1,6}(?:\.\d{1,4}){0,5}\.?$/;

function computedForm(text: string): WordForm {
  const bare = plainDashes(withoutCurrency(text));
  const number = /^[-+(]?\d[\d.,'’ ]*\)?-?%?$/.test(bare);
  const money = /^[-+(]?\d[\d.,'’ ]*[.,]\d{2,5}\)?-?$/.test(bare);
  const sign = currencyOf(text) !== undefined || /^[%:=\-\u2010-\u2015\u2212]$/.test(text);
  const ofPercent = text.endsWith('%');
  const hasDigit = /\d/.test(text);
  return {
    number,
    money: number ? (ofPercent ? ALIEN_NUMBER : money ? 0 : 3) : costAsSign(text, sign),
    quantity: number ? (ofPercent ? ALIEN_NUMBER : 0) : costAsUnitOfQuantity(text),
    percent: number || text === '%' ? 0 : costAsRateCode(text),
    integer: ORDINAL.test(text) ? 0 : ALIEN_TEXT,
    unit: number ? ALIEN_NUMBER : /^[\p{L}²³./%]{1,12}$/u.test(text) ? 0 : 10,
    date: hasDigit ? 0 : 8,
    code: /^[\p{L}\d][\p{L}\d./_-]*$/u.test(text) ? (hasDigit ? 0 : 0.5) : 4,
    text: money ? 4 : 0,
  };
}

function costAsSign(text: string, sign: boolean): number {
  if (sign) return 1;
  return LABEL_IN_CELL.test(text) ? 8 : ALIEN_TEXT;
}

function costAsUnitOfQuantity(text: string): number {
  if (isUnit(text)) return 2;
  return /^[\p{L}²³.%/]{1,10}$/u.test(text) ? 8 : ALIEN_TEXT;
}

function costAsRateCode(text: string): number {
  return /^(?:\(?[A-Z]{1,4}\d?\)?|isento|exempt|isenta|-)$/i.test(text) ? 2 : ALIEN_TEXT / 2;
}

/** What a form costs in a column. In an unknown column every form costs nothing. */
export function costInColumn(form: WordForm, { type, holdsWords }: ColumnOfWords): number {
  switch (type) {
    case 'money':
      return form.money;
    case 'quantity':
      return form.quantity;
    case 'percent':
      return form.percent;
    case 'integer':
      return form.integer;
    case 'unit':
      return form.unit;
    case 'date':
      return form.date;
    case 'code':
      return holdsWords ? 0 : form.code;
    case 'text':
      return form.text;
    case 'unknown':
      return 0;
  }
}
