import type { Tally } from './difference.ts';
import { addTallies, f1 } from './difference.ts';
import type { ScoredDocument } from './test-mapping.ts';
import type { Verdict } from './verdict.ts';

/** The report of `docket mapping test`. Rates are 0 to 1. The first three counts matter most. */
export interface MappingReport {
  /** Documents in which every known value is present and right. */
  readonly whollyRight: number;
  /** Documents with wrong values, each with a warning about it. */
  readonly wrongAndTold: number;
  /** Documents with a wrong value that has no warning. */
  readonly wrongAndNotTold: number;
  /** Documents with missing values but no wrong values. */
  readonly incomplete: number;
  readonly refused: number;
  readonly documents: number;
  readonly refusedByCode: Readonly<Record<string, number>>;
  /**
   * Warnings about values. `warningPrecision` is the share of warnings whose value is wrong, missing, or invalid as
   * printed.
   */
  readonly warnings: number;
  readonly warningPrecision: number;
  /** Wholly right documents with a warning about a value. Each is an error of the gateway. */
  readonly rightAndWarned: number;
  readonly fieldF1: number;
  readonly lineF1: number;
  /**
   * The number of results that break no official rule, and the number of judged results; undefined when the rules
   * were not run.
   */
  readonly officiallyValid: string | undefined;
}

/** Adds up the scores of documents. */
export function summarise(scored: readonly ScoredDocument[]): MappingReport {
  const none: Tally = { right: 0, wrong: 0, missing: 0 };
  const count = (verdict: Verdict): number => scored.filter((s) => s.verdict === verdict).length;
  const total = (pick: (s: ScoredDocument) => number): number => scored.reduce((n, s) => n + pick(s), 0);
  const warnings = total((s) => s.warnings);
  return {
    whollyRight: count('right'),
    wrongAndTold: count('told'),
    wrongAndNotTold: count('notTold'),
    incomplete: count('incomplete'),
    refused: count('refused'),
    documents: scored.length,
    refusedByCode: refusals(scored),
    warnings,
    warningPrecision: round(warnings === 0 ? 1 : total((s) => s.warningsRight) / warnings),
    rightAndWarned: scored.filter((s) => s.verdict === 'right' && s.warnings > s.warningsRight).length,
    fieldF1: round(f1(scored.map((s) => s.fields).reduce(addTallies, none), { isWrongMissing: true })),
    lineF1: round(f1(scored.map((s) => s.lines).reduce(addTallies, none), { isWrongMissing: false })),
    officiallyValid: officialShare(scored),
  };
}

function refusals(scored: readonly ScoredDocument[]): Record<string, number> {
  const byCode: Record<string, number> = {};
  for (const { answer, verdict } of scored)
    if (verdict === 'refused') byCode[answer] = (byCode[answer] ?? 0) + 1;
  return byCode;
}

function officialShare(scored: readonly ScoredDocument[]): string | undefined {
  const judged = scored.filter((s) => s.officialBreaches !== undefined);
  if (judged.length === 0) return undefined;
  return `${judged.filter((s) => s.officialBreaches?.length === 0).length} of ${judged.length}`;
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

/**
 * Returns the lines of the report about one document: the result, then the differences, and for each difference a
 * sign whether a warning names it.
 */
export function documentLines(one: ScoredDocument): string[] {
  const codes = one.warningsGiven.map((warning) => warning.code).join(' ');
  const head = `${one.truth.file}: ${one.answer}, ${SAID[one.verdict]}${codes === '' ? '' : ` (${codes})`}`;
  if (one.verdict === 'refused') return [head, `    ${one.message}`];
  return [
    head,
    ...one.differences.map(
      (difference) => `    ${difference.text}${one.untold.includes(difference) ? ' (no warning)' : ''}`,
    ),
    ...(one.officialBreaches ?? []).map((rule) => `    breaks the official rule ${rule}`),
  ];
}

const SAID: Readonly<Record<Verdict, string>> = {
  right: 'wholly right',
  incomplete: 'incomplete',
  told: 'wrong and told',
  notTold: 'WRONG AND NOT TOLD',
  refused: 'no result',
};
