import { describe, expect, it } from '@jest/globals';
import { fatalIn } from './official-rules.ts';
import { readCii } from './read-cii.ts';
import type { UblContent, UblLine } from './read-ubl.ts';
import { scoreDocument } from './score.ts';
import { truthOf } from './truth.ts';
import { judge } from './verdict.ts';

const line: UblLine = {
  code: 'A1',
  name: 'Chapa de zinco',
  qty: '2',
  unit: 'KGM',
  price: '5.00',
  total: '10.00',
};
const result: UblContent = {
  fields: {
    id: 'FT A/1',
    currency: 'EUR',
    sellerName: 'Vidros Serra, S.A.',
    sellerStreet: 'Rua do Poço, 3',
    sellerCity: '2300-512 Tomar',
    buyerName: 'Café Central',
    net: '10.00',
    tax: '2.30',
    grand: '12.30',
    payable: '12.30',
  },
  lines: [line],
  vat: [{ rate: '23', basis: '10.00', tax: '2.30', category: 'S' }],
};
const json = {
  id: 'FT A/1',
  currency: 'EUR',
  seller: { name: 'Vidros Serra, S.A.', addr: 'Rua do Poço, 3', city: '2300-512 Tomar' },
  buyer: { name: 'Café Central' },
  basis: '10.00',
  tax: '2.30',
  grand: '12.30',
  due_payable: '12.30',
  lines: [{ code: 'A1', name: 'Chapa de zinco', qty: '2', unit: 'KG', price: '5.0000', total: '10.00' }],
  vat: [{ rate: '23', basis: '10.00', tax: '2.30' }],
};
const truth = truthOf('x.pdf', json);

const differences = (own: UblContent, wanted = truth) => scoreDocument(wanted, own, '').differences;

describe('the score', () => {
  it('finds nothing to say about a result that says what the page says', () => {
    expect(differences(result)).toEqual([]);
    expect(judge([], [])).toMatchObject({ verdict: 'right', warnings: 0 });
  });

  it.each([
    ['sellerName', 'Vidros Serra'],
    ['sellerStreet', 'Rua do Poço'],
    ['sellerCity', '2300-512'],
    ['buyerName', 'Cliente:'],
    ['currency', 'USD'],
    ['payable', '12.00'],
  ] as const)('counts a wrong %s as wrong', (name, value) => {
    const found = differences({ ...result, fields: { ...result.fields, [name]: value } });
    expect(found).toMatchObject([{ subject: name, wrong: true }]);
  });

  it.each([
    ['code', 'A2'],
    ['name', 'Chapa de zinco 2'],
    ['qty', '20'],
    ['unit', 'C62'],
    ['price', '0.50'],
  ] as const)('counts a wrong %s of a line as wrong', (name, value) => {
    const found = differences({ ...result, lines: [{ ...line, [name]: value }] });
    expect(found).toMatchObject([{ subject: 'line 1', wrong: true }]);
  });

  it('counts a VAT row as wrong when its rate, an amount or the row is not there', () => {
    for (const vat of [[], [{ rate: '6', basis: '10.00', tax: '2.30', category: 'S' }]])
      expect(differences({ ...result, vat })).toContainEqual(
        expect.objectContaining({ subject: 'vat', wrong: true }),
      );
  });

  it('takes a truth without VAT rows for one that is silent about them, since every invoice has some', () => {
    expect(differences(result, truthOf('x.pdf', { ...json, vat: [] }))).toEqual([]);
  });

  it('takes the price before or after the allowance of its line', () => {
    const reduced = { ...line, price: '5.55', priceLessAllowance: '5.00' };
    expect(differences({ ...result, lines: [reduced] })).toEqual([]);
    expect(differences({ ...result, lines: [{ ...reduced, priceLessAllowance: '4.99' }] })).toHaveLength(1);
  });

  it('does not take a truth that is silent about the lines for one without lines', () => {
    const { lines: _lines, vat: _vat, ...silent } = json;
    expect(differences(result, truthOf('x.pdf', silent))).toEqual([]);
    expect(differences(result, truthOf('x.pdf', { ...json, lines: [] }))).toMatchObject([
      { subject: 'lines', wrong: true },
    ]);
  });

  it('scores of a truth from elsewhere only what the page prints', () => {
    const elsewhere = { ...truth, onlyVisible: true };
    const own = { ...result, fields: { ...result.fields, sellerName: 'Somebody' }, lines: [] };
    expect(scoreDocument(elsewhere, own, 'FT A/1 12,30').differences).toEqual([]);
    expect(scoreDocument(elsewhere, own, 'Vidros Serra, S.A.').differences).toMatchObject([
      { subject: 'sellerName' },
    ]);
  });
});

describe('a wrong value', () => {
  const wrong = differences({ ...result, fields: { ...result.fields, grand: '13.00', buyerName: 'Data' } });

  it('is told by a warning about that value and by no other', () => {
    const aboutGrand = { code: 'BR-CO-15', message: 'sums' };
    expect(judge(wrong, [aboutGrand])).toMatchObject({
      verdict: 'notTold',
      untold: [{ subject: 'buyerName' }],
    });
    expect(judge(wrong, [aboutGrand, { code: 'BR-07', message: 'buyer name' }])).toMatchObject({
      verdict: 'told',
      untold: [],
    });
    expect(judge(wrong, [{ code: 'TEXT_INVISIBLE', message: '3 pieces' }]).verdict).toBe('notTold');
  });

  it('in a line is told by a warning that names the line', () => {
    const off = differences({ ...result, lines: [{ ...line, qty: '3' }] });
    expect(
      judge(off, [{ code: 'LINE-NET', message: 'LINE-NET: amount of line 1 do not agree' }]).verdict,
    ).toBe('told');
    expect(
      judge(off, [{ code: 'LINE-NET', message: 'LINE-NET: amount of line 2 do not agree' }]).verdict,
    ).toBe('notTold');
  });

  it('of which the page prints an invalid value is right, and a warning about that value is true', () => {
    const warned = [{ code: 'IBAN', message: '' }];
    expect(judge([], warned, ['iban'])).toMatchObject({ verdict: 'right', warningsRight: 1 });
    expect(judge([], warned)).toMatchObject({ verdict: 'right', warningsRight: 0 });
  });

  it('makes a warning count as right, which a warning on a right document never does', () => {
    expect(judge(wrong, [{ code: 'BR-CO-15', message: '' }])).toMatchObject({
      warnings: 1,
      warningsRight: 1,
    });
    expect(judge([], [{ code: 'BR-CO-15', message: '' }])).toMatchObject({
      verdict: 'right',
      warnings: 1,
      warningsRight: 0,
    });
  });

  it('is not the same as a missing one', () => {
    const { buyerName: _missing, ...fields } = result.fields;
    expect(judge(differences({ ...result, fields }), []).verdict).toBe('incomplete');
  });
});

describe('the e-invoice inside a PDF', () => {
  it('gives addresses, codes, units, prices and the VAT breakdown', () => {
    const xml = `<rsm:CrossIndustryInvoice xmlns:rsm="a" xmlns:ram="b"><rsm:SupplyChainTradeTransaction>
      <ram:IncludedSupplyChainTradeLineItem>
        <ram:SpecifiedTradeProduct><ram:SellerAssignedID>Z9</ram:SellerAssignedID><ram:Name>Rohr</ram:Name>
          <ram:Description>2 m</ram:Description></ram:SpecifiedTradeProduct>
        <ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>4</ram:ChargeAmount>
          </ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>
        <ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="MTR">2</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
        <ram:SpecifiedLineTradeSettlement><ram:SpecifiedTradeSettlementLineMonetarySummation>
          <ram:LineTotalAmount>8</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement>
      </ram:IncludedSupplyChainTradeLineItem>
      <ram:ApplicableHeaderTradeAgreement><ram:SellerTradeParty><ram:Name>Rohr AG</ram:Name>
        <ram:PostalTradeAddress><ram:PostcodeCode>1010</ram:PostcodeCode><ram:LineOne>Ring 1</ram:LineOne><ram:CityName>Wien</ram:CityName></ram:PostalTradeAddress>
        <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">ATU1</ram:ID></ram:SpecifiedTaxRegistration></ram:SellerTradeParty></ram:ApplicableHeaderTradeAgreement>
      <ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
        <ram:ApplicableTradeTax><ram:CalculatedAmount>1.6</ram:CalculatedAmount><ram:BasisAmount>8</ram:BasisAmount><ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>20</ram:RateApplicablePercent></ram:ApplicableTradeTax>
        <ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:DuePayableAmount>9.6</ram:DuePayableAmount></ram:SpecifiedTradeSettlementHeaderMonetarySummation>
      </ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>`;
    expect(readCii(xml)).toEqual({
      fields: {
        currency: 'EUR',
        sellerName: ['Rohr AG'],
        sellerStreet: ['Ring 1'],
        sellerCity: '1010 Wien',
        sellerVat: 'ATU1',
        payable: '9.6',
      },
      lines: [{ code: ['Z9'], name: ['Rohr', 'Rohr 2 m'], qty: '2', unit: 'MTR', price: ['4'], total: '8' }],
      vat: [{ rate: '20', basis: '8', tax: '1.6', category: 'S' }],
    });
  });
});

it('takes from a report of the official rules those that are fatal, each once', () => {
  const report = `<svrl:failed-assert flag="fatal" id="BR-10" location="/"/><svrl:failed-assert id="BR-10" flag="fatal"/>
    <svrl:failed-assert id="UBL-SR-1" flag="warning"/><svrl:fired-rule id="BR-99" flag="fatal"/>`;
  expect(fatalIn(report)).toEqual(['BR-10']);
});
