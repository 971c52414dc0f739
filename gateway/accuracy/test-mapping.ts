import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayWarning } from '../../schemas/gateway-protocol.ts';
import { readSemantic } from '../formats/read-semantic.ts';
import { ublOf } from '../formats/ubl-of.ts';
import type { ChildPool } from '../pool/child-pool.ts';
import type { OfficialRules } from './official-rules.ts';
import { isIbanValid } from '../values/identifiers.ts';
import type { Subject } from './difference.ts';
import { readCii } from './read-cii.ts';
import { readUbl } from './read-ubl.ts';
import { scoreDocument } from './score.ts';
import type { DocumentScore } from './score.ts';
import type { Truth } from './truth.ts';
import { readTruths } from './truth.ts';
import { judge } from './verdict.ts';
import type { Judgement } from './verdict.ts';

export interface ScoredDocument extends DocumentScore, Judgement {
  readonly truth: Truth;
  /** `OK`, or why there is no result. */
  readonly answer: string;
  readonly message: string;
  readonly warningsGiven: readonly GatewayWarning[];
  /** Official rules that the result breaks; undefined when they were not run. */
  readonly officialBreaches: readonly string[] | undefined;
}

/** What to score a mapping on. */
export interface MappingTest {
  readonly folder: string;
  readonly mappingId: string;
  readonly official?: OfficialRules | undefined;
  readonly onDocument?: (scored: ScoredDocument) => void;
}

/** Converts every document of a folder with truth and scores the results. */
export async function testMapping(pool: ChildPool, test: MappingTest): Promise<ScoredDocument[]> {
  const scored: ScoredDocument[] = [];
  for (const truth of readTruths(test.folder)) {
    const one = await scoreOne(pool, truth, test);
    test.onDocument?.(one);
    scored.push(one);
  }
  return scored;
}

async function scoreOne(pool: ChildPool, listed: Truth, test: MappingTest): Promise<ScoredDocument> {
  const pdf = readFileSync(join(test.folder, listed.file));
  const as = async (mappingId: string): Promise<string> => {
    const other = await pool.run({ kind: 'convert', mappingId, parameters: {}, pdf });
    return other.ok ? new TextDecoder().decode(other.body) : '';
  };
  const truth = listed.onlyVisible ? withEmbedded(listed, await as('einvoice_embedded_v1')) : listed;
  const pageText = truth.onlyVisible ? wordsOf(await as('text_layout_v1')) : '';
  const outcome = await pool.run({ kind: 'convert', mappingId: test.mappingId, parameters: {}, pdf });
  if (!outcome.ok)
    return {
      ...scoreDocument(truth, undefined, pageText),
      truth,
      answer: outcome.code,
      message: outcome.message,
      warningsGiven: [],
      officialBreaches: undefined,
      verdict: 'refused',
      untold: [],
      warnings: 0,
      warningsRight: 0,
    };
  const xml = asUbl(new TextDecoder().decode(outcome.body));
  const score = scoreDocument(truth, readUbl(xml), pageText);
  return {
    ...score,
    ...judge(score.differences, outcome.warnings, printedInvalid(truth)),
    truth,
    answer: 'OK',
    message: '',
    warningsGiven: outcome.warnings,
    officialBreaches: test.official?.(xml),
  };
}

/** The result as UBL: an embedded e-invoice in CII is scored by the UBL that is made of it. */
function asUbl(xml: string): string {
  const read = readSemantic(xml);
  return read === undefined ? xml : ublOf(xml, read).ubl;
}

/**
 * The expected values of the list, and those that only the e-invoice inside the PDF states: addresses, codes, units,
 * categories.
 */
function withEmbedded(listed: Truth, xml: string): Truth {
  if (xml === '') return listed;
  const said = readCii(xml);
  // The list has the first date of several terms of payment, which is that of a discount.
  const { due } = said.fields;
  return {
    ...listed,
    fields: { ...said.fields, ...listed.fields, ...(due === undefined ? {} : { due }) },
    lines: said.lines ?? listed.lines,
    vat: said.vat ?? listed.vat,
  };
}

/** The words of a page as `text_layout_v1` writes it. */
function wordsOf(layout: string): string {
  return layout
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}

/** An IBAN that the truth has with check digits that do not agree is invalid on the page too. */
function printedInvalid({ fields: { iban } }: Truth): readonly Subject[] {
  const printed = typeof iban === 'string' ? iban.replace(/\s/g, '') : undefined;
  return printed === undefined || isIbanValid(printed) ? [] : ['iban'];
}
