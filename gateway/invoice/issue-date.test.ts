import { beforeAll, describe, expect, it } from '@jest/globals';
import { readUbl } from '../accuracy/read-ubl.ts';
import { convert } from '../conversion/convert.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import type { PlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { loadPdfjs } from '../pdf/open-document.ts';

beforeAll(loadPdfjs, 60_000);

async function issueDate(page: PlainInvoice): Promise<string | undefined> {
  const pdf = await makePlainInvoice(page);
  const outcome = await convert({ id: 1, kind: 'convert', mappingId: 'eu_invoice_v1', parameters: {}, pdf });
  if (!outcome.ok) throw new Error(outcome.message);
  return readUbl(new TextDecoder().decode(outcome.body)).fields.date;
}

describe('the issue date', () => {
  it.each([
    ['Rechnung Nr. M-2024-07 von 17.06.2024', '03.09.2024'],
    ['Rechnung # M-2024/07 vom 17.06.2024', '2024-09-03'],
    ['Invoice no. M-2024-07 of 17/06/2024', '2024-09-03'],
  ])('is the one behind the number in %s, and not the date of the letter', async (title, letter) => {
    const seller = [letter, 'Tischlerei Moll GmbH', 'Am Anger 3', '04109 Leipzig', 'USt-IdNr.: DE136695976'];
    expect(await issueDate({ title, seller, head: [['Kundennummer:', '4711']] })).toBe('2024-06-17');
  });

  it('is missing where the page has only a period', async () => {
    const title = 'Rechnung 3 vom 01.05.2024 bis 31.05.2024';
    const page = { title, head: [['Rechnungsnummer:', 'M-2024-07']] as const };
    await expect(issueDate(page)).rejects.toMatchObject({ code: 'CHECKS_FAILED' });
  });

  it('is not the first day of a period behind the number', async () => {
    expect(await issueDate({ title: 'Rechnung 3 vom 01.05.2024 bis 31.05.2024' })).toBe('2024-06-17');
  });
});
