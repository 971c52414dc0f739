import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeWarnings } from '../../schemas/protocols/gateway-protocol.ts';
import { makePlainPdf } from '../../tests/rooms/gateway/other-pdf.ts';
import { brokenRules } from '../rules/broken-rules.ts';
import type { RunningGateway } from '../server.ts';
import { startGateway } from '../server.ts';

type Texts = readonly (readonly [string, number, number])[];

const SLOW_MS = 90_000;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway({ port: 0, children: 1, log: quiet });
}, SLOW_MS);
afterAll(() => gateway.close());

async function convert(
  texts: Texts,
  mapping: string,
): Promise<{ status: number; text: string; warned: string[] }> {
  const pdf = await makePlainPdf({ texts });
  const response = await fetch(`${gateway.url}/v1/convert?mapping=${mapping}`, {
    method: 'POST',
    body: pdf as BodyInit,
    headers: { 'Content-Type': 'application/pdf' },
  });
  const warned = decodeWarnings(response.headers.get('x-warnings')).map(({ code }) => code);
  return { status: response.status, text: await response.text(), warned };
}

/** Makes a Portuguese credit note. `lines` are its item rows; `sums` are net, VAT and total as printed. */
function creditNote(lines: readonly (readonly string[])[], sums: readonly string[]): Texts {
  const [net = '', vat = '', total = ''] = sums;
  const columns = [40, 100, 320, 380, 440, 510];
  const row = (cells: readonly string[], y: number): Texts =>
    cells.map((cell, i) => [cell, columns[i] ?? 0, y] as const);
  return [
    ['Carpintaria do Vale, Unipessoal', 40, 40], ['Travessa da Eira 9', 40, 54], ['3000-210 Coimbra', 40, 68],
    ['Contribuinte n.º 509442013', 40, 82], ['Nota de Crédito NC 2026/31', 40, 120],
    ['Data de emissão: 2026-03-20', 320, 120], ['ATCUD: JFX4T2QZ-31', 320, 136],
    ['Cliente', 40, 160], ['Hotel Miramar, S.A.', 40, 174], ['Largo da Sé 2', 40, 188], ['8000-138 Faro', 40, 202],
    ['NIF: 501964843', 40, 216],
    ...row(['Ref.', 'Designação', 'Quant.', 'Preço', 'IVA', 'Valor'], 260),
    ...lines.flatMap((cells, i) => row(cells, 278 + 16 * i)),
    ['Taxa', 40, 360], ['Base', 140, 360], ['IVA', 240, 360],
    ['23%', 40, 376], [net, 140, 376], [vat, 240, 376],
    ['Total sem IVA', 340, 410], [net, 500, 410], ['Total IVA', 340, 426], [vat, 500, 426],
    ['Total do documento', 340, 442], [total, 500, 442],
    ['x9y8-Processado por programa certificado n.º 0042/AT', 40, 700],
  ]; // prettier-ignore
}

/** Makes a German invoice. `buyer` has the lines of the buyer's address. */
function germanInvoice(buyer: readonly string[]): Texts {
  return [
    ['Nordlicht Lampen GmbH', 40, 40], ['Hafenstraße 3', 40, 54], ['20457 Hamburg', 40, 68],
    ['USt-IdNr. DE136695976', 40, 82], ['Rechnung', 40, 120], ['Rechnungsnummer: 2026-88', 320, 120],
    ['Rechnungsdatum: 20.03.2026', 320, 136],
    ...(buyer.length === 0 ? [] : [['Rechnung an:', 40, 160] as const]),
    ...buyer.map((line, i) => [line, 40, 174 + 14 * i] as const),
    ['Bezeichnung', 40, 260], ['Menge', 300, 260], ['Einzelpreis', 380, 260], ['Gesamtpreis', 480, 260],
    ['Stehlampe', 40, 278], ['2', 300, 278], ['50,00', 380, 278], ['100,00', 480, 278],
    ['Nettobetrag', 340, 340], ['100,00', 480, 340], ['MwSt. 19 %', 340, 356], ['19,00', 480, 356],
    ['Gesamtbetrag', 340, 372], ['119,00 EUR', 480, 372],
  ]; // prettier-ignore
}

describe('a result', () => {
  it(
    'of a credit note printed with minus signs has positive amounts and keeps every rule',
    async () => {
      const lines = [
        ['P1', 'Porta de carvalho', '-1', '320,00', '23', '-320,00'],
        ['P2', 'Dobradiças', '-4', '5,00', '23', '-20,00'],
      ];
      const { status, text } = await convert(
        creditNote(lines, ['-340,00', '-78,20', '-418,20']),
        'pt_simon_invoice_v1',
      );
      expect({ status, text }).toMatchObject({ status: 200 });
      expect(text).toMatch(/<CreditNote [^]*PayableAmount currencyID="EUR">418.20</);
      expect(text).not.toMatch(/>-\d/);
      expect(brokenRules(text)).toEqual([]);
    },
    SLOW_MS,
  );

  it(
    'that would break a rule is refused with its number, whatever the mapping says of its checks',
    async () => {
      const { status, text } = await convert(germanInvoice([]), 'eu_invoice_v1');
      expect(status).toBe(422);
      expect(JSON.parse(text)).toEqual({
        code: 'OUTPUT_INVALID',
        message: expect.stringMatching(/^BR-07: the name of the buyer \(BT-44\) is missing\./),
      });
    },
    SLOW_MS,
  );

  it.each([
    [['Meubles Caron SARL', '4 quai Nord', '59800 Lille', 'Frankreich'], 'FR', []],
    [['Fenwick Foods Ltd', '7 Mill Lane', 'York YO1 9XY'], 'GB', []],
    [['Tischlerei Eiche', 'Ulmenweg 8', 'D-80333 München'], 'DE', []],
    [['Tischlerei Eiche', 'Ulmenweg 8', '80333 München'], 'DE', []],
  ])(
    'for a buyer at %j has the country %s, which the rate of VAT confirms',
    async (buyer, country, warnings) => {
      const { status, text, warned } = await convert(germanInvoice(buyer), 'eu_invoice_v1');
      expect({ status, text }).toMatchObject({ status: 200 });
      const [, party = ''] =
        /<cac:AccountingCustomerParty>([^]*?)<\/cac:AccountingCustomerParty>/.exec(text) ?? [];
      expect(party).toContain(`<cbc:IdentificationCode>${country}<`);
      expect(warned.filter((code) => code === 'BUYER_COUNTRY')).toEqual(warnings);
    },
    SLOW_MS,
  );
});
