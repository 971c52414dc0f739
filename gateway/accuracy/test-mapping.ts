import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildPool } from '../pool/child-pool.ts';
import { readUbl } from './read-ubl.ts';
import type { DocumentScore, Tally } from './score.ts';
import { addTallies, f1, scoreDocument } from './score.ts';
import type { Truth } from './truth.ts';
import { readTruths } from './truth.ts';

/** What `docket mapping test` reports. Rates are 0 to 1. */
export interface MappingReport {
  readonly documents: number;
  readonly converted: number;
  readonly refusedByCode: Readonly<Record<string, number>>;
  readonly fieldF1: number;
  readonly lineF1: number;
  readonly exactRate: number;
  /** Documents with a wrong value and no failed check, of all. */
  readonly silentWrongRate: number;
}

export interface ScoredDocument extends DocumentScore {
  readonly truth: Truth;
  /** `OK`, or why there is no result. */
  readonly answer: string;
  readonly message: string;
  readonly warnings: readonly string[];
  readonly silentWrong: boolean;
}

/** Converts every document of a folder with truth and scores the results. */
export async function testMapping(
  pool: ChildPool,
  folder: string,
  mappingId: string,
  onDocument?: (scored: ScoredDocument) => void,
): Promise<{ report: MappingReport; scored: ScoredDocument[] }> {
  const scored: ScoredDocument[] = [];
  for (const truth of readTruths(folder)) {
    const one = await scoreOne(pool, join(folder, truth.file), truth, mappingId);
    onDocument?.(one);
    scored.push(one);
  }
  return { report: summarise(scored), scored };
}

async function scoreOne(
  pool: ChildPool,
  path: string,
  truth: Truth,
  mappingId: string,
): Promise<ScoredDocument> {
  const pdf = readFileSync(path);
  const outcome = await pool.run({ kind: 'convert', mappingId, parameters: {}, pdf });
  const result = outcome.ok ? readUbl(new TextDecoder().decode(outcome.body)) : undefined;
  const score = scoreDocument(truth, result, truth.onlyVisible ? await pageWords(pool, pdf) : '');
  // Warnings about text that is not on the page are no failed checks.
  const warnings = outcome.ok
    ? outcome.warnings.filter((w) => !/^(?:TEXT_|CHARACTERS_)/.test(w.code)).map((w) => w.code)
    : [];
  return {
    ...score,
    truth,
    answer: outcome.ok ? 'OK' : outcome.code,
    message: outcome.ok ? '' : outcome.message,
    warnings,
    silentWrong: outcome.ok && score.anyWrong && warnings.length === 0,
  };
}

async function pageWords(pool: ChildPool, pdf: Uint8Array): Promise<string> {
  const outcome = await pool.run({ kind: 'convert', mappingId: 'text_layout_v1', parameters: {}, pdf });
  if (!outcome.ok) return '';
  return new TextDecoder()
    .decode(outcome.body)
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
}

/** Adds up documents. */
export function summarise(scored: readonly ScoredDocument[]): MappingReport {
  const none: Tally = { right: 0, wrong: 0, missing: 0 };
  const refusedByCode: Record<string, number> = {};
  for (const { answer } of scored)
    if (answer !== 'OK') refusedByCode[answer] = (refusedByCode[answer] ?? 0) + 1;
  const share = (count: number): number => round(scored.length === 0 ? 0 : count / scored.length);
  return {
    documents: scored.length,
    converted: scored.filter((s) => s.answer === 'OK').length,
    refusedByCode,
    fieldF1: round(f1(scored.map((s) => s.fields).reduce(addTallies, none), true)),
    lineF1: round(f1(scored.map((s) => s.lines).reduce(addTallies, none), false)),
    exactRate: share(scored.filter((s) => s.answer === 'OK' && s.exact).length),
    silentWrongRate: share(scored.filter((s) => s.silentWrong).length),
  };
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
