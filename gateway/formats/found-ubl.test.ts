import { describe, expect, it } from '@jest/globals';
import { creditSigns } from '../invoice/credit-signs.ts';
import type { Invoice, InvoiceLine, Party, VatCategory } from '../found-invoice/invoice.ts';
import { derived } from '../printed/provenance.ts';
import { brokenRules } from '../rules/broken-rules.ts';
import { deliveryWarnings } from '../found-invoice/delivery.ts';
import { foundUbl } from './found-ubl.ts';
import { writeXml } from '../output/xml-writer.ts';

const OUTPUT = { writer: 'ubl', customizationId: 'urn:cen.eu:en16931:2017', target: 'en16931' } as const;

const ublXml = (of: Invoice, output: typeof OUTPUT): string => writeXml(foundUbl(of, output));
const found = (value: string) => derived(value, 'test');
const maybe = (value: string | undefined) => (value === undefined ? undefined : found(value));

function party(name: string, vatId: string, country: string | undefined): Party {
  return {
    name: found(name),
    vatId: found(vatId),
    street: found('Rua 1'),
    postalCode: found('4000-001'),
    city: found('Porto'),
    country: maybe(country),
  };
}

function line(position: number, qty: string, price: string, total: string): InvoiceLine {
  const rest = {
    code: undefined,
    unit: found('un'),
    description: undefined,
    priceBase: undefined,
    adjustment: undefined,
    discount: undefined,
    rate: found('23'),
  };
  return {
    position,
    name: found(`Artigo ${position}`),
    qty: found(qty),
    price: found(price),
    total: found(total),
    ...rest,
  };
}

const TOTALS = { net: '200.00', tax: '46.00', grand: '246.00', payable: '246.00' };

function invoice(more: Partial<Invoice> = {}, fields: Readonly<Record<string, string>> = {}): Invoice {
  const all = { number: 'NC A/5', issueDate: '2026-03-14', ...TOTALS, ...fields };
  return {
    documentType: 'FT',
    typeCode: '380',
    credit: false,
    currency: found('EUR'),
    fields: new Map(Object.entries(all).map(([name, value]) => [name, found(value)])),
    seller: party('Oficina, Lda', '509442013', 'PT'),
    buyer: party('Padaria, Lda', '501964843', 'PT'),
    lines: [line(1, '2', '50.00', '100.00'), line(2, '4', '25.00', '100.00')],
    allowances: [],
    vat: [
      { rate: found('23'), basis: found('200.00'), tax: found('46.00'), category: 'S', reason: undefined },
    ],
    atcudByPage: new Map(),
    pages: 1,
    ...more,
  };
}

const numbersOf = (of: Invoice): string[] => brokenRules(ublXml(of, OUTPUT)).map(({ rule }) => rule);
const all = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<cbc:${name}[^>]*>([^<]*)<`, 'g'))].map(([, text = '']) => text);

describe('a written invoice', () => {
  it('keeps every rule', () => {
    expect(numbersOf(invoice())).toEqual([]);
  });

  it('has the minus of a negative price at the quantity (BR-27)', () => {
    const lines = [
      line(1, '2', '50.00', '100.00'),
      line(2, '6', '20.00', '120.00'),
      line(3, '1', '-20.00', '-20.00'),
    ];
    const xml = ublXml(invoice({ lines }), OUTPUT);
    expect(brokenRules(xml)).toEqual([]);
    expect([all(xml, 'InvoicedQuantity'), all(xml, 'PriceAmount')]).toEqual([
      ['2', '6', '-1'],
      ['50.00', '20.00', '20.00'],
    ]);
  });

  it('does not make up a name of a party or an item, nor the country of a tax number', () => {
    const nameless = { ...party('x', '501964843', undefined), name: undefined };
    const unnamed = { ...line(1, '2', '100.00', '200.00'), name: undefined };
    expect(numbersOf(invoice({ buyer: nameless, lines: [unnamed] }))).toEqual(
      expect.arrayContaining(['BR-07', 'BR-11', 'BR-25', 'BR-CO-09']),
    );
  });

  it('writes large and small quantities in figures', () => {
    const lines = [line(1, '0.0000001', '1000000000.00', '100.00'), line(2, '4', '25.00', '100.00')];
    expect(all(ublXml(invoice({ lines }), OUTPUT), 'InvoicedQuantity')[0]).toBe('0.0000001');
  });
});

describe('an invoice without VAT', () => {
  const untaxed = (
    category: VatCategory,
    more: Partial<Invoice> = {},
    fields: Readonly<Record<string, string>> = {},
  ) =>
    invoice(
      {
        lines: [{ ...line(1, '2', '100.00', '200.00'), rate: found('0') }],
        vat: [
          { rate: found('0'), basis: found('200.00'), tax: found('0.00'), category, reason: found('Motivo') },
        ],
        ...more,
      },
      { tax: '0.00', grand: '200.00', payable: '200.00', ...fields },
    );

  it('that is not subject to VAT names the numbers of the parties as registrations (BR-O-02)', () => {
    expect(numbersOf(untaxed('O'))).toEqual([]);
    expect(all(ublXml(untaxed('O'), OUTPUT), 'CompanyID')).toEqual(['PT509442013', 'PT501964843']);
  });

  it('is exempt, reversed or an export without further ado', () => {
    for (const category of ['E', 'AE', 'G'] as const) expect(numbersOf(untaxed(category))).toEqual([]);
  });

  it('within the Union has a delivery; its country is the buyer’s with a warning, its date is never made up', () => {
    const buyer = party('Meubles, SARL', 'FR40303265045', 'FR');
    const dated = untaxed('K', { buyer }, { deliveryDate: '2026-03-13' });
    expect(numbersOf(dated)).toEqual([]);
    expect(deliveryWarnings(dated).map(({ code }) => code)).toEqual(['DELIVER_TO_COUNTRY']);
    expect(numbersOf(untaxed('K', { buyer }))).toEqual(['BR-IC-11']);
    expect(numbersOf(untaxed('K', {}, { deliveryDate: '2026-03-13' }))).toEqual(['BR-IC-12']);
    expect(deliveryWarnings(invoice())).toEqual([]);
  });
});

describe('a credit note printed with minus signs', () => {
  const credit = { credit: true, typeCode: '381', documentType: 'NC' };
  const negative = Object.fromEntries(Object.entries(TOTALS).map(([name, value]) => [name, `-${value}`]));
  const row = {
    rate: found('23'),
    basis: found('-200.00'),
    tax: found('-46.00'),
    category: 'S',
    reason: undefined,
  } as const;

  it.each([
    ['at the quantity', [line(1, '-2', '50.00', '-100.00'), line(2, '-4', '25.00', '-100.00')]],
    ['at the price', [line(1, '2', '-50.00', '-100.00'), line(2, '4', '-25.00', '-100.00')]],
    ['at the amount alone', [line(1, '2', '50.00', '-100.00'), line(2, '4', '25.00', '-100.00')]],
    ['nowhere on the lines', [line(1, '2', '50.00', '100.00'), line(2, '4', '25.00', '100.00')]],
  ])('%s becomes one with positive amounts (CREDIT-SIGN)', (_, lines) => {
    const printed = invoice({ ...credit, lines, vat: [row] }, negative);
    expect(numbersOf(printed)).toContain('CREDIT-SIGN');
    const xml = ublXml(creditSigns(printed), OUTPUT);
    expect(brokenRules(xml)).toEqual([]);
    expect(xml).not.toMatch(/>-\d/);
    expect([all(xml, 'CreditedQuantity'), all(xml, 'PayableAmount')]).toEqual([['2', '4'], ['246.00']]);
  });

  it('keeps the sign of a line that goes the other way', () => {
    const lines = [line(1, '-6', '50.00', '-300.00'), line(2, '4', '25.00', '100.00')];
    const xml = ublXml(creditSigns(invoice({ ...credit, lines, vat: [row] }, negative)), OUTPUT);
    expect([all(xml, 'CreditedQuantity'), all(xml, 'LineExtensionAmount')]).toEqual([
      ['6', '-4'],
      ['200.00', '300.00', '-100.00'],
    ]);
    expect(brokenRules(xml)).toEqual([]);
  });

  it('stays as it is when it is an invoice', () => {
    const printed = invoice({}, negative);
    expect(creditSigns(printed)).toBe(printed);
  });
});
