import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { makePlainInvoice } from '../rooms/gateway/plain-invoice.ts';
import { launchBrowser } from '../harness/browser.ts';
import { newClerk, pdfFile } from '../harness/clerk.ts';
import { startHouse, type House } from '../harness/house.ts';

let house: House;
let browser: Browser;

beforeAll(async () => {
  [house, browser] = await Promise.all([startHouse(), launchBrowser()]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await house?.stop();
});

describe('an invoice that comes again in another file', () => {
  it('is converted, and its row says live under which name it was converted before, as a link to it', async () => {
    const clerk = await newClerk(browser, house.url);
    const { page } = clerk;
    const invoice = await makePlainInvoice({});
    await page.selectOption('select[name=mapping]', 'invoice_v1');
    await clerk.choose([pdfFile('march.pdf', invoice)]);
    await clerk.untilRows('ready', 1);
    // A scanner, a mail program or a printer gives the same page other bytes.
    await clerk.choose([pdfFile('march-again.pdf', Buffer.concat([invoice, Buffer.from('\n% again\n')]))]);
    await clerk.untilRows('ready', 2);
    const again = page.locator('[data-row]', { hasText: 'march-again.pdf' });
    await again.getByText('Converted before as march.pdf').waitFor();
    expect(await page.getByText('Converted before as').count()).toBe(1);
    await again.locator('.filename').click();
    const facts = page.locator('.facts');
    await facts.getByText('The same invoice').waitFor();
    await facts.getByRole('link', { name: /Converted before as march\.pdf/ }).click();
    await page.getByRole('heading', { name: 'march.pdf', exact: true }).waitFor();
    expect(await facts.getByText('The same invoice').count()).toBe(0);
    expect(clerk.complaints).toEqual([]);
    await clerk.close();
  }, 120_000);
});
