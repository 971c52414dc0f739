import type { Tally } from './difference.ts';
import { addTallies, f1 } from './difference.ts';
import type { ScoredDocument } from './test-mapping.ts';
import type { Verdict } from './verdict.ts';

/** What `docket mapping test` reports. Rates are 0 to 1; the first three numbers are the ones that count. */
export interface MappingReport {
  /** Documents in which every known value is there and right. */
  readonly whollyRight: number;
  /** Documents with a wrong value, a warning about each of them. */
  readonly wrongAndTold: number;
  /** Documents with a wrong value that no warning is about. */
  readonly wrongAndNotTold: number;
  /** Documents in which nothing is wrong and something is missing. */
  readonly incomplete: number;
  readonly refused: number;
  readonly documents: number;
  readonly refusedByCode: Readonly<Record<string, number>>;
  /** Warnings about values, and the share of them that is about a value which is wrong, missing or printed invalid. */
  readonly warnings: number;
  readonly warningPrecision: number;
  /** Wholly right documents that came with a warning about a value: an error of ours each. */
  readonly rightAndWarned: number;
  readonly fieldF1: number;
  readonly lineF1: number;
  /** Results that break no official rule, and results judged; undefined when the rules were not run. */
  readonly officiallyValid: string | undefined;
}

/** Adds up documents. */
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

/** What one document is told as: the answer, then what differs and whether anybody was warned of it. */
export function documentLines(one: ScoredDocument): string[] {
  const codes = one.warningsGiven.map((warning) => warning.code).join(' ');
  const head = `${one.truth.file}: ${one.answer}, ${SAID[one.verdict]}${codes === '' ? '' : ` (${codes})`}`;
  if (one.verdict === 'refused') return [head, `    ${one.message}`];
  return [
    head,
    ...one.differences.map(
      (difference) => `    ${difference.text}${one.untold.includes(difference) ? ' (not told)' : ''}`,
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
