import { beforeAll, describe, expect, it } from '@jest/globals';
import { convert } from '../conversion/convert.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import type { PlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { loadPdfjs } from '../pdf/open-document.ts';

beforeAll(loadPdfjs, 60_000);

/** Returns the seller of the result as one line of XML. */
async function sellerOf(page: PlainInvoice): Promise<string> {
  const pdf = await makePlainInvoice(page);
  const outcome = await convert({ id: 1, kind: 'convert', mappingId: 'eu_invoice_v1', parameters: {}, pdf });
  if (!outcome.ok) throw new Error(outcome.message);
  expect(outcome.warnings).toEqual([]);
  const xml = new TextDecoder().decode(outcome.body).replace(/>\s+</g, '><');
  return /<cac:AccountingSupplierParty>.*?<\/cac:AccountingSupplierParty>/.exec(xml)?.[0] ?? '';
}

const WITHOUT_TAX = [
  ['Nettobetrag', '400,00 EUR'],
  ['Gesamtbetrag', '400,00 EUR'],
] as const;
const GERMAN = ['Tischlerei Moll', 'Am Anger 3', '04109 Leipzig', 'Deutschland'];
const small: PlainInvoice = {
  totals: WITHOUT_TAX,
  after: ['Gemäß § 19 UStG wird keine Umsatzsteuer berechnet.'],
};

describe('a seller without a VAT number', () => {
  it.each(['Steuernummer: 231/205/01234', 'St.-Nr. 231/205/01234', 'Steuer-Nr.: 231/205/01234'])(
    'is known by its tax number, printed as %s',
    async (line) => {
      const seller = await sellerOf({ ...small, seller: [...GERMAN, line] });
      expect(seller).toContain('<cac:PartyIdentification><cbc:ID>231/205/01234</cbc:ID>');
      expect(seller).toContain(
        '<cbc:CompanyID>231/205/01234</cbc:CompanyID><cac:TaxScheme><cbc:ID>FC</cbc:ID></cac:TaxScheme>',
      );
    },
  );

  it.each(['SIRET 303 265 045 00017', 'SIREN : 303 265 045', 'N° SIRET : 30326504500017'])(
    'in France is known by its SIREN, printed as %s, and its buyer is in France',
    async (line) => {
      const seller = await sellerOf({
        title: 'Facture',
        seller: ['Atelier Duval EI', '8 rue des Lilas', '69003 Lyon', line],
        buyer: ['Facturé à', 'Mairie de Vauclaire', '1 place du Marché', '21000 Dijon'],
        totals: WITHOUT_TAX,
        after: ['TVA non applicable, article 293 B du CGI.'],
      });
      expect(seller).toContain('<cbc:CompanyID schemeID="0002">303265045</cbc:CompanyID>');
      expect(seller).toContain('<cbc:IdentificationCode>FR</cbc:IdentificationCode>');
    },
  );

  it('has its registration and its tax number', async () => {
    const seller = await sellerOf({
      ...small,
      seller: [...GERMAN, 'Steuernummer: 231/205/01234', 'HRB 12345'],
    });
    expect(seller).toContain('<cbc:CompanyID>HRB 12345</cbc:CompanyID></cac:PartyLegalEntity>');
    expect(seller).not.toContain('PartyIdentification');
  });

  it('does not take a tax number that stands with the buyer or is said to be the receiver’s', async () => {
    const buyer = [
      'Rechnung an:',
      'Gasthof Krone OHG',
      'Markt 1',
      '99084 Erfurt',
      'Steuernummer: 231/205/01234',
    ];
    await expect(sellerOf({ ...small, seller: GERMAN, buyer })).rejects.toThrow('BR-CO-26');
    const yours = [...GERMAN, 'Ihre Steuernummer: 231/205/01234'];
    await expect(sellerOf({ ...small, seller: yours })).rejects.toThrow('BR-CO-26');
  });
});
