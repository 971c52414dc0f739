import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../harness/browser.ts';
import { startInstallation, type Installation } from '../harness/installation.ts';
import { hasUblSchemas, ublFaults } from '../harness/ubl-schema.ts';

const INVOICES = join(import.meta.dirname, '..', '..', '..', 'shared', 'corpus', 'pt-invoices');
const NAMES = ['L1-02', 'L1-07', 'L2-03'];
const whenTheCorpusIsHere = existsSync(INVOICES) && hasUblSchemas ? describe : describe.skip;
if (!existsSync(INVOICES) || !hasUblSchemas)
  console.warn('Skipped: the corpus of sample invoices and the UBL schemas are not on this machine.');

interface Truth {
  id: string;
  date: string;
  seller: { nif: string };
  basis: string;
  tax: string;
  grand: string;
  lines: { name: string; qty: string; total: string }[];
}

let installation: Installation;
let browser: Browser;

beforeAll(async () => {
  [installation, browser] = await Promise.all([startInstallation(), launchBrowser()]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

const parser = new XMLParser({
  removeNSPrefix: true,
  parseTagValue: false,
  isArray: (name) => name === 'InvoiceLine',
});

type Element = { readonly [name: string]: Element } & { readonly '#text'?: string };

/** The values of a UBL invoice that the truth files hold. */
function valuesOf(xml: Buffer) {
  const { Invoice: invoice } = parser.parse(xml) as { Invoice: Element };
  const totals = invoice['LegalMonetaryTotal']!;
  const lines = [invoice['InvoiceLine']!].flat();
  const text = (element: Element | undefined): string => element?.['#text'] ?? (element as unknown as string);
  const taxes = [invoice['TaxTotal']!].flat();
  const party = invoice['AccountingSupplierParty']!['Party']!;
  return {
    id: text(invoice['ID']),
    date: text(invoice['IssueDate']),
    nif: text(party['PartyTaxScheme']!['CompanyID']).replace(/^PT/, ''),
    basis: text(totals['TaxExclusiveAmount']),
    tax: text(taxes[0]!['TaxAmount']),
    grand: text(totals['TaxInclusiveAmount']),
    lines: lines.map((line) => ({
      name: text(line['Item']!['Name']),
      qty: Number(text(line['InvoicedQuantity'])),
      total: text(line['LineExtensionAmount']),
    })),
  };
}

function expectedOf(truth: Truth) {
  return {
    id: truth.id,
    date: truth.date,
    nif: truth.seller.nif,
    basis: truth.basis,
    tax: truth.tax,
    grand: truth.grand,
    lines: truth.lines.map(({ name, qty, total }) => ({ name, qty: Number(qty), total })),
  };
}

whenTheCorpusIsHere('three invoices dropped on the page', () => {
  it('turn Ready without a reload, and their XML is valid UBL with the values of the paper [R01.02][R01.03]', async () => {
    const page = await browser.newPage();
    let loads = 0;
    page.on('load', () => (loads += 1));
    await page.goto(installation.url);
    await page.locator('#choose-files').waitFor();
    const chosen = NAMES.map((name) => ({
      name: `${name}.pdf`,
      mimeType: 'application/pdf',
      buffer: readFileSync(join(INVOICES, `${name}.pdf`)),
    }));
    const dropped = await page.evaluateHandle(
      (files) => {
        const transfer = new DataTransfer();
        for (const { name, base64 } of files) {
          const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
          transfer.items.add(new File([bytes], name, { type: 'application/pdf' }));
        }
        return transfer;
      },
      chosen.map(({ name, buffer }) => ({ name, base64: buffer.toString('base64') })),
    );
    await page.dispatchEvent('.drop', 'dragover', { dataTransfer: dropped });
    await page.dispatchEvent('.drop', 'drop', { dataTransfer: dropped });

    const downloads = page.locator('tbody [data-action=download]');
    await downloads.nth(NAMES.length - 1).waitFor({ timeout: 30_000 });
    expect(loads).toBe(1);

    for (const name of NAMES) {
      const row = page.locator('tbody tr', { hasText: `${name}.pdf` });
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        row.locator('[data-action=download]').click(),
      ]);
      const xml = readFileSync(await download.path());
      expect(ublFaults(xml)).toEqual([]);
      const truth = JSON.parse(readFileSync(join(INVOICES, `${name}.json`), 'utf8')) as Truth;
      expect(valuesOf(xml)).toEqual(expectedOf(truth));
    }
    await page.close();
  }, 90_000);
});
