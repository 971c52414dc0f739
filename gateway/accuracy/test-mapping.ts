import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
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
  /** `OK`, or the code of the refusal. */
  readonly answer: string;
  readonly message: string;
  readonly warningsGiven: readonly GatewayWarning[];
  /** The official rules that the result breaks; undefined when they were not run. */
  readonly officialBreaches: readonly string[] | undefined;
}

/** The mapping to score, and the documents to score it on. */
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

/** Returns the result as UBL. An embedded e-invoice in CII is converted to UBL first. */
function asUbl(xml: string): string {
  const read = readSemantic(xml);
  return read === undefined ? xml : ublOf(xml, read).ubl;
}

/**
 * Adds to the listed truth the values that only the e-invoice inside the PDF has: addresses, codes, units, categories.
 */
function withEmbedded(listed: Truth, xml: string): Truth {
  if (xml === '') return listed;
  const said = readCii(xml);
  // When there are several payment terms, the list has the first date, which is the date of a discount.
  const { due } = said.fields;
  return {
    ...listed,
    fields: { ...said.fields, ...listed.fields, ...(due === undefined ? {} : { due }) },
    lines: said.lines ?? listed.lines,
    vat: said.vat ?? listed.vat,
  };
}

/** Returns the words of the pages from the result of `text_layout_v1`. */
function wordsOf(layout: string): string {
  return layout
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}

/** An IBAN of the truth with wrong check digits is invalid on the page too. */
function printedInvalid({ fields: { iban } }: Truth): readonly Subject[] {
  const printed = typeof iban === 'string' ? iban.replace(/\s/g, '') : undefined;
  return printed === undefined || isIbanValid(printed) ? [] : ['iban'];
}
