import { describe, expect, it } from '@jest/globals';
import type { SampleOptions } from '../../tests/rooms/gateway/ubl-sample.ts';
import { ublSample } from '../../tests/rooms/gateway/ubl-sample.ts';
import { hasUblSchemas, ublFaults } from '../../tests/harness/ubl-schema.ts';
import { brokenRules, sentenceOfBroken } from './broken-rules.ts';
import { BREAKS } from '../../tests/rooms/gateway/rules/rules.cases.ts';
import { RULES } from './rules.ts';

const KINDS = ['Invoice', 'CreditNote'] as const;
const CATEGORIES = ['S', 'Z', 'E', 'AE', 'K', 'G', 'O'] as const;

const numbersIn = (xml: string): string[] => [...new Set(brokenRules(xml).map(({ rule }) => rule))];

/** Changes one piece of the sample's text. It throws when the sample does not have that piece. */
function changed(options: SampleOptions, from: string | RegExp, to: string): string {
  const before = ublSample(options);
  const after = before.replace(from, to);
  if (after === before) throw new Error(`nothing was changed by ${String(from)}`);
  return after;
}

describe('the rules of EN 16931 and UBL', () => {
  it.each(KINDS.flatMap((kind) => CATEGORIES.map((category) => ({ kind, category }))))(
    'are all kept by the sample $kind of category $category',
    (options) => {
      expect(brokenRules(ublSample(options))).toEqual([]);
    },
  );

  it.each(BREAKS)(
    '$rule is broken, and nothing else is, by: $words',
    ({ rule, options, from, to, with: others }) => {
      expect(numbersIn(changed(options ?? {}, from, to)).sort()).toEqual([rule, ...(others ?? [])].sort());
    },
  );

  it('each have a document that breaks them', () => {
    const proved = new Set(BREAKS.map(({ rule }) => rule));
    expect(RULES.map(({ number }) => number).filter((number) => !proved.has(number))).toEqual([]);
  });

  it('have numbers of their own', () => {
    expect(new Set(RULES.map(({ number }) => number)).size).toBe(RULES.length);
  });

  it('say in one sentence what is wrong, with the number of the rule and both amounts', () => {
    const broken = brokenRules(changed({}, '178.35<', '178.36<'));
    expect(sentenceOfBroken(broken)).toBe(
      'BR-CO-15: the total with VAT (BT-112) is 178.36; the total without VAT and the VAT (BT-109 + BT-110) come to 178.35. (Also broken: BR-CO-16.)',
    );
    expect(sentenceOfBroken([])).toBeUndefined();
  });

  it('do not call a document broken for what a warning is about', () => {
    const broken = brokenRules(changed({}, '>4556<', '>4556123412341234<'));
    expect(broken.map(({ severity }) => severity)).toEqual(['warning']);
    expect(sentenceOfBroken(broken)).toBeUndefined();
  });

  it('compare amounts of any size exactly', () => {
    const sum = (a: string, b: string): string[] =>
      numbersIn(
        changed({}, /<cbc:TaxExclusiveAmount[^]*<\/cbc:TaxInclusiveAmount>/, totals(a, b)).replace(
          /(<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">)33.35/,
          '$10.02',
        ),
      );
    expect(sum('90071992547409.93', '90071992547409.95')).not.toContain('BR-CO-15');
    expect(sum('90071992547409.93', '90071992547409.96')).toContain('BR-CO-15');
  });

  it('know elements by their namespace and not by their prefix', () => {
    const renamed = ublSample()
      .replaceAll('cbc:', 'b:')
      .replaceAll('cac:', 'a:')
      .replace('xmlns:cbc', 'xmlns:b')
      .replace('xmlns:cac', 'xmlns:a');
    expect(brokenRules(renamed)).toEqual([]);
    expect(numbersIn(ublSample().replace('CommonBasicComponents-2', 'Other-2'))).toContain('BR-02');
  });

  it.each(['', 'no XML', '<Invoice/>', '<a><b></a>'])('call %j no UBL document', (text) => {
    expect(numbersIn(text)).toEqual(['UBL-SCHEMA']);
  });
});

(hasUblSchemas ? describe : describe.skip)(
  `the schemas of UBL 2.1${hasUblSchemas ? '' : ' (skipped: ../shared/corpus is not here)'}`,
  () => {
    it('have nothing against the samples', () => {
      for (const kind of KINDS)
        for (const category of CATEGORIES)
          expect(ublFaults(Buffer.from(ublSample({ kind, category })))).toEqual([]);
    });

    it('refuse what breaks UBL-SCHEMA', () => {
      for (const { rule, options, from, to } of BREAKS.filter((each) => each.rule === 'UBL-SCHEMA'))
        expect({
          rule,
          words: from,
          faults: ublFaults(Buffer.from(changed(options ?? {}, from, to))).length,
        }).toEqual({
          rule,
          words: from,
          faults: 1,
        });
    });
  },
);

function totals(net: string, grand: string): string {
  return `<cbc:TaxExclusiveAmount currencyID="EUR">${net}</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount currencyID="EUR">${grand}</cbc:TaxInclusiveAmount>`;
}
