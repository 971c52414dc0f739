import Big from 'big.js';
import { unitCode } from '../values/units.ts';
import type { FieldName, TruthValue } from './truth.ts';

const MONEY: ReadonlySet<string> = new Set(['net', 'tax', 'grand', 'payable']);
const WORDS: ReadonlySet<string> = new Set([
  'sellerName',
  'sellerStreet',
  'sellerCity',
  'buyerName',
  'buyerStreet',
  'buyerCity',
]);

export function isMoney(name: FieldName): boolean {
  return MONEY.has(name);
}

export function isWords(name: FieldName): boolean {
  return WORDS.has(name);
}

/** Returns all values that are right. */
export function choicesOf(value: TruthValue | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

const STREETS: ReadonlySet<string> = new Set(['sellerStreet', 'buyerStreet']);

/**
 * True when the value is one of the right values. Names and addresses are compared letter for letter. A street may
 * continue after a comma, because an e-invoice may leave out the second line of a printed address.
 */
export function isRight(name: FieldName, own: string, wanted: TruthValue): boolean {
  const value = normal(name, own);
  return choicesOf(wanted).some((choice) => {
    const right = normal(name, choice);
    return value === right || (STREETS.has(name) && right !== '' && value.startsWith(`${right}, `));
  });
}

function normal(name: FieldName, value: string): string {
  if (MONEY.has(name)) return amount(value)?.toFixed(2) ?? value;
  if (WORDS.has(name)) return plainWords(value);
  const bare = value.toUpperCase().replace(/\s/g, '');
  if (name === 'sellerVat' || name === 'buyerVat') return bare.replace(/[.\-/]/g, '').replace(/^PT/, '');
  return bare;
}

/** Returns words in the form for comparing: single blanks, lower case, one kind of dash, quote and apostrophe. */
export function plainWords(value: string): string {
  return value
    .normalize('NFKC')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/[\u2018\u2019\u00b4`]/g, "'")
    .replace(/[\u201c-\u201f]/g, '"')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}

export function amount(text: string): Big | undefined {
  return /^-?\d+(?:\.\d+)?$/.test(text) ? new Big(text) : undefined;
}

export function sameAmount(a: string | undefined, b: string): boolean {
  const x = a === undefined ? undefined : amount(a);
  const y = amount(b);
  return x !== undefined && y !== undefined && x.eq(y);
}

/** Codes that all mean one piece (UN/ECE Recommendations 20 and 21). */
const PIECES: ReadonlySet<string> = new Set(['C62', 'H87', 'EA', 'NAR', 'PCE', 'XPP']);

/**
 * Returns the code of a printed unit. All codes that mean a piece become one. A code that is not on Docket's list
 * stays unchanged.
 */
export function unitKey(unit: string): string {
  const code = /^[A-Z0-9]{2,3}$/.test(unit) && unitCode(unit) === 'C62' ? unit : unitCode(unit);
  return PIECES.has(code) || /^(?:UN|UNI|UND|UD|U)$/.test(code) ? 'a piece' : code;
}
