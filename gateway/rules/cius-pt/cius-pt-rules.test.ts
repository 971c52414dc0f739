import { describe, expect, it } from '@jest/globals';
import { ublSample } from '../../../tests/rooms/gateway/ubl-sample.ts';
import { readSemantic } from '../../formats/read-semantic.ts';
import type { SemanticInvoice } from '../../formats/semantic-invoice.ts';
import { toCiusPt } from '../../formats/to-cius-pt.ts';
import { brokenRules } from '../broken-rules.ts';
import { RULES } from '../rules.ts';
import { CIUS_PT_RULES } from './cius-pt-rules.ts';

const ADDRESS = {
  line1: 'Rua da Prata 80',
  line2: '2.º esq.',
  line3: 'Edifício A',
  city: 'Lisboa',
  postalCode: '1100-420',
  subdivision: 'Lisboa',
  country: 'PT',
};
const CONTACT = { name: 'Contabilidade', phone: '210000000', email: 'contas@exemplo.pt' };

/**
 * Makes a Portuguese invoice that keeps every rule of CIUS-PT. It has a value in every place that one of those rules
 * reads.
 */
function whole(kind: 'Invoice' | 'CreditNote' = 'Invoice', category: 'S' | 'E' = 'S'): SemanticInvoice {
  const said = readSemantic(ublSample({ kind, category }))!.invoice;
  const seller = {
    ...said.seller,
    address: ADDRESS,
    contact: CONTACT,
    legalInformation: 'Capital social 5.000 €',
  };
  const registration = { value: '551704632', scheme: undefined };
  const ids = [{ value: '17', scheme: undefined }];
  const buyer = { ...said.buyer, vatId: 'PT508332559', registration, address: ADDRESS, contact: CONTACT };
  const rate = said.lines[0]?.rate;
  const on = { category, rate, reasonCode: undefined };
  return {
    ...said,
    taxCurrency: undefined,
    totals: { ...said.totals, taxInTaxCurrency: undefined },
    buyerReference: 'Compras',
    project: 'Obra 9',
    contract: 'C-1',
    order: '2026/451',
    salesOrder: 'V-7',
    receivingAdvice: 'R-1',
    despatchAdvice: 'G-1',
    tender: 'L-2',
    buyerAccounting: '62.1',
    process: 'urn:www:espap:pt:profiles:profile1:ver1.0',
    notes: [{ subject: undefined, text: 'ATCUD:AAAA-1' }],
    remittance: '#REFERENCE@ATMPAYMENT#123456789#',
    seller: { ...seller, ids, registration },
    buyer: { ...buyer, ids },
    taxRepresentative: undefined,
    delivery: {
      date: '2026-02-27',
      location: { value: 'L9', scheme: undefined },
      name: 'Armazém',
      address: ADDRESS,
    },
    allowances: [
      { ...on, isCharge: false, amount: '10.00', base: '150.00', percent: '6.67', reason: 'Desconto' },
      { ...on, isCharge: true, amount: '5.00', base: '50.00', percent: '10', reason: 'Portes' },
    ],
    lines: said.lines.map((line, i) => ({
      ...line,
      note: 'Uma nota',
      orderLine: String(i + 1),
      buyerCode: `B-${i}`,
      allowances: line.allowances.map((each) => ({ ...each, percent: i === 0 ? '16.67' : '8.70' })),
    })),
  };
}

const numbersIn = (xml: string): string[] => [...new Set(brokenRules(xml).map(({ rule }) => rule))];
const changed = (xml: string, from: string | RegExp, to: string): string => {
  const after = xml.replace(from, to);
  if (after === xml) throw new Error(`nothing was changed by ${String(from)}`);
  return after;
};
const PROVED = new Set<string>();
const breaks = (xml: string): string[] => {
  const numbers = numbersIn(xml);
  for (const number of numbers) PROVED.add(number);
  return numbers;
};

describe('the rules of CIUS-PT', () => {
  it.each([
    ['Invoice', 'S'],
    ['Invoice', 'E'],
    ['CreditNote', 'S'],
  ] as const)('are kept by a whole %s of category %s', (kind, category) => {
    expect(brokenRules(toCiusPt(whole(kind, category)))).toEqual([]);
  });

  it('are asked of documents alone that say that they are CIUS-PT', () => {
    const xml = changed(toCiusPt(whole()), '<cbc:Percent>23.00<', '<cbc:Percent>23<');
    expect(numbersIn(xml)).toEqual(['DT-CIUS-PT-092.1']);
    expect(numbersIn(xml.replace('#compliant#urn:feap.gov.pt:CIUS-PT:2.1.1', ''))).toEqual([]);
  });

  it.each([
    ['another specification', ':CIUS-PT:2.1.1<', ':CIUS-PT:2.1.1.and.more<', 'DT-CIUS-PT-022'],
    ['a quantity without decimals', '>11.000<', '>11<', 'DT-CIUS-PT-117.1'],
    ['a price without decimals', '>46.00</cbc:PriceAmount>', '>46</cbc:PriceAmount>', 'DT-CIUS-PT-127.1'],
    [
      'a base quantity without decimals',
      '>1.000</cbc:BaseQuantity>',
      '>1</cbc:BaseQuantity>',
      'DT-CIUS-PT-130.1',
    ],
    ['an order with 21 characters', '>2026/451<', `>${'1'.repeat(21)}<`, 'DT-CIUS-PT-012'],
    ['an item with 201 characters', '>Artigo 1<', `>${'á'.repeat(201)}<`, 'DT-CIUS-PT-133'],
    [
      'a code of exemption of the list VATEX',
      '<cbc:Percent>23.00</cbc:Percent>',
      '<cbc:Percent>23.00</cbc:Percent><cbc:TaxExemptionReasonCode>VATEX-EU-AE</cbc:TaxExemptionReasonCode>',
      'DT-CIUS-PT-108',
    ],
  ])('do not take %s', (_words, from, to, rule) => {
    const xml = toCiusPt(whole());
    const at = rule === 'DT-CIUS-PT-108' ? xml.indexOf('<cac:TaxTotal>') : 0;
    expect(breaks(xml.slice(0, at) + changed(xml.slice(at), from, to))).toContain(rule);
  });

  it('each need what they ask for, and say so by their number', () => {
    const invoice = whole();
    const exempt = whole('Invoice', 'E');
    const { seller, buyer, delivery, lines } = invoice;
    const without = (part: 'line1' | 'city' | 'postalCode') => ({ ...ADDRESS, [part]: undefined });
    const first = lines[0]!;
    const cases: readonly (readonly [rule: string, broken: SemanticInvoice])[] = [
      ['BR-CIUS-PT-01', { ...invoice, seller: { ...seller, vatId: undefined } }],
      ['BR-CIUS-PT-03', { ...invoice, buyer: { ...buyer, vatId: undefined } }],
      ['BR-CIUS-PT-05', { ...invoice, seller: { ...seller, address: without('line1') } }],
      ['BR-CIUS-PT-06', { ...invoice, seller: { ...seller, address: without('city') } }],
      ['BR-CIUS-PT-07', { ...invoice, seller: { ...seller, address: without('postalCode') } }],
      ['BR-CIUS-PT-11', { ...invoice, totals: { ...invoice.totals, tax: undefined } }],
      ['BR-CIUS-PT-14', { ...invoice, vat: invoice.vat.map((row) => ({ ...row, rate: '0' })) }],
      ['BR-CIUS-PT-16', { ...exempt, vat: exempt.vat.map((row) => ({ ...row, rate: '6' })) }],
      ['BR-CIUS-PT-17', { ...exempt, vat: exempt.vat.map((row) => ({ ...row, reason: undefined })) }],
      ['BR-CIUS-PT-21', { ...invoice, delivery: { ...delivery, address: without('line1') } }],
      ['BR-CIUS-PT-22', { ...invoice, delivery: { ...delivery, address: without('city') } }],
      ['BR-CIUS-PT-23', { ...invoice, delivery: { ...delivery, address: without('postalCode') } }],
      ['BR-CIUS-PT-25', { ...whole('CreditNote'), preceding: [] }],
      ['BR-CIUS-PT-65', { ...invoice, typeCode: '383', preceding: [] }],
      ['BR-CIUS-PT-66', { ...invoice, delivery: { ...delivery, address: undefined } }],
      ['DT-CIUS-PT-003_i', { ...invoice, typeCode: '326' }],
      ['DT-CIUS-PT-003_cn', { ...whole('CreditNote'), typeCode: '396' }],
      ['DT-CIUS-PT-157', { ...invoice, lines: [{ ...first, quantity: '12' }, ...lines.slice(1)] }],
      [
        'DT-CIUS-PT-158',
        { ...invoice, allowances: invoice.allowances.map((each) => ({ ...each, percent: undefined })) },
      ],
      [
        'DT-CIUS-PT-159',
        { ...invoice, allowances: invoice.allowances.map((each) => ({ ...each, percent: '50' })) },
      ],
      [
        'DT-CIUS-PT-168',
        {
          ...invoice,
          lines: lines.map((line) => ({
            ...line,
            allowances: line.allowances.map((each) => ({ ...each, percent: undefined })),
          })),
        },
      ],
      [
        'DT-CIUS-PT-169',
        {
          ...invoice,
          lines: lines.map((line) => ({
            ...line,
            allowances: line.allowances.map((each) => ({ ...each, percent: '99' })),
          })),
        },
      ],
      ['DT-CIUS-PT-170', { ...invoice, lines: [{ ...first, grossPrice: '14' }, ...lines.slice(1)] }],
      ['DT-CIUS-PT-177', { ...invoice, lines: [{ ...first, baseQuantity: '0' }, ...lines.slice(1)] }],
    ];
    for (const [rule, broken] of cases)
      expect([rule, breaks(toCiusPt(broken))]).toEqual([rule, expect.arrayContaining([rule])]);
  });

  it('each have a document that breaks them: a value of no form at each place in turn, and the cases above', () => {
    for (const invoice of [whole(), whole('CreditNote'), whole('Invoice', 'E')]) {
      const xml = toCiusPt(invoice);
      for (const { index } of xml.matchAll(/>[^<>\n]+<\/cbc:/g))
        breaks(`${xml.slice(0, index + 1)}${'?'.repeat(600)}${xml.slice(xml.indexOf('<', index))}`);
    }
    const numbers = CIUS_PT_RULES.map(({ number }) => number);
    expect(numbers.filter((number) => !PROVED.has(number))).toEqual([]);
    expect(new Set([...numbers, ...RULES.map(({ number }) => number)]).size).toBe(
      numbers.length + RULES.length,
    );
  });
});
