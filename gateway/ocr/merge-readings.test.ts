import { describe, expect, it } from '@jest/globals';
import { OCR_SURE } from '../pdf/recognised.ts';
import type { OcrLanguage } from './languages.ts';
import { mergeReadings } from './merge-readings.ts';

/** Makes one word at one place, as each model reads it. */
const word = (said: Partial<Record<OcrLanguage, readonly [text: string, confidence: number]>>) =>
  mergeReadings(
    Object.entries(said).map(([language, [text, confidence]]) => ({
      language: language as OcrLanguage,
      words: [{ text, confidence, left: 100, right: 180, top: 50, bottom: 80 }],
    })),
    'por',
  );

describe('several readings of one word', () => {
  it('makes a number sure on which the models of English and French agree', () => {
    const [one] = word({ eng: ['37.747,68', 0.92], fra: ['37.747,68', 0.94], por: ['37.147,68', 0] });
    expect(one).toMatchObject({ text: '37.747,68', others: ['37.147,68'] });
    expect(one?.certainty).toBeGreaterThan(OCR_SURE);
  });

  it('makes no number sure on which they do not agree, however sure each is of itself', () => {
    const [one] = word({ eng: ['2:5', 0.92], fra: ['2,5', 0.96], por: ['25', 0.93] });
    expect(one?.certainty).toBeLessThan(OCR_SURE);
    expect(new Set([one?.text, ...(one?.others ?? [])])).toEqual(new Set(['2:5', '2,5', '25']));
  });

  it('takes letters from the model of the language, which knows its accents', () => {
    const [one] = word({ eng: ['Manutencéo', 0.18], fra: ['Manutengao', 0.4], por: ['Manutenção', 0.97] });
    expect(one).toMatchObject({ text: 'Manutenção', certainty: 0.97 });
  });

  it('makes no word sure that reads quite otherwise in another language', () => {
    const [one] = word({ eng: ['CX', 0.97], fra: ['CX', 0.9], por: ['EX', 0.91] });
    expect(one?.certainty).toBeLessThan(OCR_SURE);
  });
});
