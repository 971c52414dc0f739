import { beforeAll, describe, expect, it } from '@jest/globals';
import { readUbl } from '../accuracy/read-ubl.ts';
import type { UblContent } from '../accuracy/read-ubl.ts';
import { convert } from '../conversion/convert.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import type { PlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { loadPdfjs } from '../pdf/open-document.ts';

beforeAll(loadPdfjs, 60_000);

interface Paid {
  readonly fields: UblContent['fields'];
  readonly terms: string | undefined;
  readonly warnings: readonly string[];
}

async function paid(page: PlainInvoice): Promise<Paid> {
  const pdf = await makePlainInvoice(page);
  const outcome = await convert({ id: 1, kind: 'convert', mappingId: 'eu_invoice_v1', parameters: {}, pdf });
  if (!outcome.ok) throw new Error(outcome.message);
  const xml = new TextDecoder().decode(outcome.body);
  return {
    fields: readUbl(xml).fields,
    terms: /<cac:PaymentTerms>\s*<cbc:Note>([^<]*)/.exec(xml)?.[1],
    warnings: outcome.warnings.map(({ code }) => code),
  };
}

const DATED = [
  ['Rechnungsnummer:', 'M-2024-07'],
  ['Rechnungsdatum:', '17.06.2024'],
] as const;

describe('the due date', () => {
  it('has a warning where a second label of due dates has another date', async () => {
    const page = { head: [...DATED, ['Fällig am:', '05.07.2024']] as const };
    const second = { ...page, after: ['Zahlbar bis zum 17.07.2024 ohne Abzug.'] };
    expect((await paid(page)).warnings).toEqual([]);
    expect((await paid(second)).warnings).toEqual(['DUE_DATES']);
  });

  it.each([
    'Die Rechnung ist zahlbar zum 17.07.2024 rein netto.',
    'Bitte überweisen bis 17.07.2024.',
    'Please remit until 17 July 2024.',
    'Please pay until: 17 July 2024',
    'À payer le 17/07/2024',
    'Fecha límite de pago: 17/07/2024',
    'Da pagare entro il 17/07/2024',
    'Pagável até 17/07/2024',
  ])('is read from %s', async (sentence) => {
    expect((await paid({ after: [sentence] })).fields.due).toBe('2024-07-17');
  });
});

describe('the account', () => {
  it('may stand without a label, where its check digits hold', async () => {
    const { fields, warnings } = await paid({
      after: ['Volksbank Leipzig', 'DE02120300000000202051', 'BYLADEM1001'],
    });
    expect(fields.iban).toBe('DE02120300000000202051');
    expect(warnings).toEqual([]);
  });

  it('stays open where several stand without a label, or one whose check digits do not hold', async () => {
    const several = await paid({ after: ['DE02120300000000202051', 'FR7630006000011234567890189'] });
    expect(several.fields.iban).toBeUndefined();
    const unsound = await paid({ after: ['DE03120300000000202051'] });
    expect(unsound.fields.iban).toBeUndefined();
  });

  it.each(['IBAN:', 'Banque IBAN :', 'Conta IBAN:'])('goes on in the line under %s', async (label) => {
    const { fields, warnings } = await paid({
      head: [
        ['Rechnungsnummer:', 'M-2024-07'],
        ['Rechnungsdatum:', '17.06.2024'],
        [label, 'DE02 1203 0000 0000'],
        ['', '2020 51'],
      ],
    });
    expect(fields.iban).toBe('DE02120300000000202051');
    expect(warnings).toEqual([]);
  });

  it('with sound check digits is taken before one without', async () => {
    const { fields } = await paid({
      after: ['IBAN: DE33999888770001234567', 'IBAN: DE02120300000000202051'],
    });
    expect(fields.iban).toBe('DE02120300000000202051');
  });

  it('in a line of its own is taken before one in a sentence', async () => {
    const { fields } = await paid({
      seller: [
        'Tischlerei Moll GmbH',
        'Am Anger 3',
        '04109 Leipzig',
        'USt-IdNr.: DE136695976',
        'IBAN: DE33999888770001234567 bei der LBBW',
      ],
      breakdown: { columns: ['IBAN :', 'DE33600501010001234567'], rows: [], starts: [50, 400], cells: 'top' },
    });
    expect(fields.iban).toBe('DE33600501010001234567');
  });
});

describe('payment terms', () => {
  it('are no titles of a table under their heading', async () => {
    const head = [
      ['Rechnungsnummer:', 'M-2024-07'],
      ['Rechnungsdatum:', '17.06.2024'],
      ['Zahlungsbedingungen', ''],
      ['Beschreibung', 'Fälligkeit'],
      ['', '17.07.2024'],
    ] as const;
    expect(await paid({ head })).toMatchObject({ terms: undefined, fields: { due: '2024-07-17' } });
  });
});

describe('amounts in two currencies that touch', () => {
  it.each([
    ['76,00', '88,16', '76.00'],
    ['76,00', '1.088,16', '76.00'],
  ])('%s%s are two, of which the sums take the one that fits', async (own, other, tax) => {
    const totals = [
      ['Nettobetrag', '400,00 EUR'],
      ['Steuerbetrag', `${own}${other}`],
      ['Gesamtbetrag', '476,00 EUR'],
    ] as const;
    expect(await paid({ totals })).toMatchObject({ fields: { tax, grand: '476.00' } });
  });
});
