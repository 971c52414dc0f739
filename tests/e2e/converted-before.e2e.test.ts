import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { makePlainInvoice } from '../rooms/gateway/plain-invoice.ts';
import { launchBrowser } from '../harness/browser.ts';
import { newPageUser, pdfFile } from '../harness/page-user.ts';
import { startInstallation, type Installation } from '../harness/installation.ts';

let installation: Installation;
let browser: Browser;

beforeAll(async () => {
  [installation, browser] = await Promise.all([startInstallation(), launchBrowser()]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

describe('an invoice that comes again in another file', () => {
  it('is converted, and its row says live under which name it was converted before, as a link to it', async () => {
    const user = await newPageUser(browser, installation.url);
    const { page } = user;
    const invoice = await makePlainInvoice({});
    await page.selectOption('select[name=mapping]', 'invoice_v1');
    await user.choose([pdfFile('march.pdf', invoice)]);
    await user.untilRows('ready', 1);
    // A scanner, a mail program or a printer gives the same page other bytes.
    await user.choose([pdfFile('march-again.pdf', Buffer.concat([invoice, Buffer.from('\n% again\n')]))]);
    await user.untilRows('ready', 2);
    const again = page.locator('[data-row]', { hasText: 'march-again.pdf' });
    await again.getByText('Converted before as march.pdf').waitFor();
    expect(await page.getByText('Converted before as').count()).toBe(1);
    await again.locator('.filename').click();
    const facts = page.locator('.facts');
    await facts.getByText('The same invoice').waitFor();
    await facts.getByRole('link', { name: /Converted before as march\.pdf/ }).click();
    await page.getByRole('heading', { name: 'march.pdf', exact: true }).waitFor();
    expect(await facts.getByText('The same invoice').count()).toBe(0);
    expect(user.complaints).toEqual([]);
    await user.close();
  }, 120_000);
});
