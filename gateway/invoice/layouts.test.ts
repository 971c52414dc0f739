import { beforeAll, describe, expect, it } from '@jest/globals';
import { readUbl } from '../accuracy/read-ubl.ts';
import { scoreDocument } from '../accuracy/score.ts';
import { truthOf } from '../accuracy/truth.ts';
import { judge } from '../accuracy/verdict.ts';
import { convert } from '../conversion/convert.ts';
import type { Layout } from '../../tests/rooms/gateway/layouts/layout.ts';
import { LAYOUTS, languagesOf, makeLayout } from '../../tests/rooms/gateway/layouts/make-layout.ts';
import {
  OTHER_KINDS,
  makeCopies,
  makeOther,
  makeSeveral,
} from '../../tests/rooms/gateway/layouts/other-documents.ts';
import type { Language } from '../../tests/rooms/gateway/layouts/wording.ts';
import { LANGUAGES } from '../../tests/rooms/gateway/layouts/wording.ts';
import { loadPdfjs } from '../pdf/open-document.ts';
import { Refusal } from '../protocol/refusal.ts';

beforeAll(loadPdfjs, 60_000);

const SEED = 20_000;

/** Returns the wrong values that no warning mentions, one line each; none for a document that is right or refused. */
async function untold(seed: number, layout: Layout, language: Language): Promise<string[]> {
  const { pdf, truth } = await makeLayout(seed, layout, language);
  try {
    const outcome = await convert({
      id: 1,
      kind: 'convert',
      mappingId: 'eu_invoice_v1',
      parameters: {},
      pdf,
    });
    if (!outcome.ok) return [];
    const said = readUbl(new TextDecoder().decode(outcome.body));
    const { differences } = scoreDocument(truthOf('made up', truth), said, '');
    return judge(differences, outcome.warnings).untold.map(
      ({ text }) => `${layout.name}, ${language}: ${text}`,
    );
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [];
  }
}

describe('made-up layouts', () => {
  it('are the same bytes for the same seed', async () => {
    for (const layout of LAYOUTS.slice(0, 3)) {
      const one = await makeLayout(7, layout, 'de');
      const other = await makeLayout(7, layout, 'de');
      expect(one.pdf.equals(other.pdf)).toBe(true);
      expect(one.truth).toEqual(other.truth);
    }
  });

  it('are at least 30, in six languages', () => {
    expect(new Set(LAYOUTS.map((layout) => layout.name)).size).toBeGreaterThanOrEqual(30);
    for (const language of LANGUAGES)
      expect(
        LAYOUTS.filter((layout) => languagesOf(layout).includes(language)).length,
      ).toBeGreaterThanOrEqual(30);
  });

  it.each(LANGUAGES)('in %s give no value that is wrong and not told', async (language) => {
    const wrong: string[] = [];
    for (const [at, layout] of LAYOUTS.entries())
      if (languagesOf(layout).includes(language)) wrong.push(...(await untold(SEED + at, layout, language)));
    expect(wrong).toEqual([]);
  });
});

/** Returns `OK`, or the code with which the gateway refuses a file. */
async function answerTo(pdf: Buffer): Promise<string> {
  try {
    const outcome = await convert({
      id: 1,
      kind: 'convert',
      mappingId: 'eu_invoice_v1',
      parameters: {},
      pdf,
    });
    return outcome.ok ? 'OK' : outcome.code;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.code;
  }
}

const usual = LAYOUTS[0] as Layout;

describe.each(LANGUAGES)('in %s', (language) => {
  it.each(OTHER_KINDS)('a document that is %s is refused as none, in each of its wordings', async (kind) => {
    const answers = await Promise.all(
      [1, 2, 3].map((seed) => makeOther(seed, language, kind).then(answerTo)),
    );
    expect(new Set(answers)).toEqual(new Set(['MAPPING_MISMATCH']));
  });

  it('two invoices in one file are refused, and one printed twice is converted', async () => {
    expect(await answerTo(await makeSeveral([31, 32], usual, language))).toBe('AMBIGUOUS');
    expect(await answerTo(await makeCopies(31, usual, language))).toBe('OK');
  });
});
