import { beforeAll, describe, expect, it } from '@jest/globals';
import { readUbl } from '../accuracy/read-ubl.ts';
import type { UblContent } from '../accuracy/read-ubl.ts';
import { convert } from '../conversion/convert.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import type { PlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { loadPdfjs } from '../pdf/open-document.ts';

beforeAll(loadPdfjs, 60_000);

async function fieldsOf(page: PlainInvoice): Promise<UblContent['fields']> {
  const pdf = await makePlainInvoice(page);
  const outcome = await convert({ id: 1, kind: 'convert', mappingId: 'eu_invoice_v1', parameters: {}, pdf });
  if (!outcome.ok) throw new Error(outcome.message);
  return readUbl(new TextDecoder().decode(outcome.body)).fields;
}

const FACTS = [
  ['Rechnungsnummer:', 'M-2024-07'],
  ['Rechnungsdatum:', '17.06.2024'],
] as const;
const TAX_NUMBER = 'USt-IdNr.: DE136695976';

describe('an address that is delivered to', () => {
  it.each([
    'Lieferadresse',
    'Abweichender Warenempfänger',
    'Adresse de livraison',
    'Ship to:',
    'Delivery address',
    'Dirección de entrega',
    'Luogo di consegna',
    'Local de entrega:',
  ])('under the title %s is not the buyer, who stands without a title beside it', async (title) => {
    const page = {
      buyer: [title, 'Baustelle Nordring', 'Nordring 40', '99084 Erfurt'],
      head: [['Gasthof Krone OHG', ''], ['Markt 1', ''], ['99423 Weimar', ''], ...FACTS] as const,
    };
    expect(await fieldsOf(page)).toMatchObject({ buyerName: 'Gasthof Krone OHG', buyerCity: '99423 Weimar' });
  });
});

describe('a street that begins with its number', () => {
  it.each(['1242 chemin des Oliviers', '1890 Old Mill Road', '4711 Camino Viejo'])(
    '%s is no place, in one line and in several',
    async (street) => {
      const page = {
        seller: [`Moulin Vert SARL - ${street} - 84340 Malaucène - France`, 'TVA : FR40303265045'],
        buyer: ['Rechnung an:', 'Gasthof Krone OHG', street, '99084 Erfurt', 'Deutschland'],
      };
      expect(await fieldsOf(page)).toMatchObject({
        sellerName: 'Moulin Vert SARL',
        sellerStreet: street,
        sellerCity: '84340 Malaucène',
        buyerStreet: street,
        buyerCity: '99084 Erfurt',
      });
    },
  );
});

describe('the place of an address', () => {
  it('may touch its postal code', async () => {
    const page = { buyer: ['Rechnung an:', 'Gasthof Krone OHG', 'Markt 1', '99084Erfurt'] };
    expect(await fieldsOf(page)).toMatchObject({ buyerName: 'Gasthof Krone OHG', buyerCity: '99084 Erfurt' });
  });

  it('may have a postal code of six digits', async () => {
    const page = {
      buyer: [
        'Tischlerei Moll GmbH · Am Anger 3 · 04109 Leipzig',
        'Hanul Vechi SRL',
        'Strada Castelului 12',
        '500051 Sibiu',
        'Romania',
      ],
    };
    expect(await fieldsOf(page)).toMatchObject({ buyerName: 'Hanul Vechi SRL', buyerCity: '500051 Sibiu' });
  });

  it('may stand under an empty line', async () => {
    const page = { seller: ['Tischlerei Moll GmbH', 'Am Anger 3', '', '04109 Leipzig', TAX_NUMBER] };
    expect(await fieldsOf(page)).toMatchObject({
      sellerName: 'Tischlerei Moll GmbH',
      sellerStreet: 'Am Anger 3',
      sellerCity: '04109 Leipzig',
      buyerName: 'Gasthof Krone OHG',
    });
  });
});

describe('the address in the window of an envelope', () => {
  it.each(['Kunde Kontor', 'Client Services', 'Buyer Company', 'Cliente Feliz'])(
    'begins with a name, %s, though its first word is a title elsewhere',
    async (name) => {
      const page = {
        buyer: ['Tischlerei Moll GmbH · Am Anger 3 · 04109 Leipzig', name, 'Markt 1', '99084 Erfurt'],
      };
      expect(await fieldsOf(page)).toMatchObject({ buyerName: name, buyerStreet: 'Markt 1' });
    },
  );
});

describe('a list under a title of the receiver’s own', () => {
  it.each(['Vos identifiants', 'Ihre Angaben', 'Your details', 'Vostri dati', 'Sus datos', 'Vossos dados'])(
    '%s gives the buyer’s tax number, also where it is set in',
    async (title) => {
      const page = {
        buyer: ['Rechnung an:', 'Auberge du Lac', '8 rue du Port', '74000 Annecy', 'France'],
        head: [...FACTS, [title, ''], ['  N° TVA : FR40303265045', '']] as const,
      };
      expect(await fieldsOf(page)).toMatchObject({ sellerVat: 'DE136695976', buyerVat: 'FR40303265045' });
    },
  );
});
