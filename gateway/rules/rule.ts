import type { UblDocument } from './ubl-document.ts';
import type { XmlElement } from './xml-tree.ts';

/** The document in which a rule is published. */
export type Section =
  | 'EN 16931-1, integrity constraints'
  | 'EN 16931-1, conditions'
  | 'EN 16931-1, VAT rules'
  | 'EN 16931-1, decimals'
  | 'EN 16931-1, code lists'
  | 'CEN/TS 16931-3-2, syntax binding'
  | 'OASIS UBL 2.1, schema'
  | 'eSPap, CIUS-PT 2.1.1'
  | 'Docket';

/** One breach of a rule by a document. */
export interface Breach {
  /** The subject of the rule, with its number in the standard's model: `the total with VAT (BT-112)`. */
  readonly what: string;
  /** The document's value; undefined when it has none. */
  readonly found: string | undefined;
  /** The required value, as the second half of a sentence. */
  readonly expected: string;
}

/** A rule of the standard as a pure function of a document. */
export interface Rule {
  /** The number in the published document, such as `BR-CO-15`. */
  readonly number: string;
  /**
   * `fatal`: Docket does not issue a document that breaks the rule. `warning`: it issues the document with a warning.
   */
  readonly severity: 'fatal' | 'warning';
  readonly section: Section;
  /** The requirement in one sentence. */
  readonly says: string;
  readonly check: (document: UblDocument) => readonly Breach[];
}

/** A breach with the number of its rule. */
export interface BrokenRule extends Breach {
  readonly rule: string;
  readonly severity: Rule['severity'];
}

type RuleOf = (number: string, says: string, check: Rule['check']) => Rule;

/** Makes fatal rules of one section. Docket does not issue a document that breaks one. */
export function fatalIn(section: Section): RuleOf {
  return (number, says, check) => ({ number, severity: 'fatal', section, says, check });
}

/**
 * Returns the sentence of a breach: `BR-CO-15: the total with VAT (BT-112) is 12.40; the total without VAT and the VAT
 * come to 12.30.`
 */
export function sentenceOfBreach(broken: BrokenRule): string {
  const { rule, what, found, expected } = broken;
  const says = found === undefined ? 'is missing' : `is ${found}`;
  return `${rule}: ${what} ${says}${expected === '' ? '' : `; ${expected}`}.`;
}

/** The breaches of a rule that a document keeps. Documents keep most rules, so all these results share one list. */
export const NONE_BROKEN: readonly Breach[] = [];

/** Makes the breach for a value that is missing. */
export function missing(what: string): Breach {
  return { what, found: undefined, expected: '' };
}

/** Makes the check that a document states a value. `read` returns undefined when the value is missing. */
export function stated(what: string, read: (document: UblDocument) => unknown): Rule['check'] {
  return (document) => (read(document) === undefined ? [missing(what)] : NONE_BROKEN);
}

export type Elements = (document: UblDocument) => readonly XmlElement[];

/**
 * Makes the check that each of certain elements has a part. `has` returns undefined or false when the part is
 * missing.
 */
export function lacking(
  all: Elements,
  has: (element: XmlElement) => unknown,
  what: string | ((element: XmlElement) => string),
): Rule['check'] {
  return (document) => {
    let found = NONE_BROKEN;
    for (const each of all(document))
      if (isAbsent(has(each))) found = [...found, missing(typeof what === 'string' ? what : what(each))];
    return found;
  };
}

export function isAbsent(value: unknown): boolean {
  return value === undefined || value === false;
}
