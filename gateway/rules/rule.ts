import type { UblDocument } from './ubl-document.ts';

/** Where a rule is written down. */
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

/** One place where a document does not keep a rule. */
export interface Breach {
  /** What the rule speaks of, with its number in the standard's model: `the total with VAT (BT-112)`. */
  readonly what: string;
  /** What the document says; undefined when it says nothing. */
  readonly found: string | undefined;
  /** What it would have to say, as the second half of a sentence. */
  readonly expected: string;
}

/** A rule of the standard as a pure function of a document. */
export interface Rule {
  /** For example `BR-CO-15: the total with VAT (BT-112) is 12.40; the total without VAT and the VAT come to 12.30.` */
  readonly number: string;
  /** `fatal`: a document that breaks it is not issued. `warning`: it is, and says so. */
  readonly severity: 'fatal' | 'warning';
  readonly section: Section;
  /** What it asks, in one sentence. */
  readonly says: string;
  readonly check: (document: UblDocument) => readonly Breach[];
}

/** A breach with the rule that it breaks. */
export interface BrokenRule extends Breach {
  readonly rule: string;
  readonly severity: Rule['severity'];
}

type RuleOf = (number: string, says: string, check: Rule['check']) => Rule;

/** Rules of one section, which a document must keep to be issued. */
export function fatalIn(section: Section): RuleOf {
  return (number, says, check) => ({ number, severity: 'fatal', section, says, check });
}

/** `BR-CO-15: the total with VAT (BT-112) is 12.40; the total without VAT and the VAT come to 12.30.` */
export function sentenceOfBreach(broken: BrokenRule): string {
  const { rule, what, found, expected } = broken;
  const says = found === undefined ? 'is missing' : `is ${found}`;
  return `${rule}: ${what} ${says}${expected === '' ? '' : `; ${expected}`}.`;
}

/** Of a rule that is kept: most rules of most documents, so no new list each time. */
export const NONE_BROKEN: readonly Breach[] = [];

/** What is not there and must be. */
export function missing(what: string): Breach {
  return { what, found: undefined, expected: '' };
}
