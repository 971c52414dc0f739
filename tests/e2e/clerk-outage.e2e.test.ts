import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../harness/browser.ts';
import { ANY_TEXT_MAPPING, newClerk, pdfFile, until } from '../harness/clerk.ts';
import { startHouse, type House } from '../harness/house.ts';
import { pdfOf } from '../harness/pdf-of.ts';

const DOCUMENTS = 24;
let house: House;
let browser: Browser;

beforeAll(async () => {
  [house, browser] = await Promise.all([startHouse(), launchBrowser()]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await house?.stop();
});

describe('the page while the house goes away and comes back', () => {
  it('says so after five seconds, then shows every document Ready once, without a reload [R12.02]', async () => {
    const clerk = await newClerk(browser, house.url);
    const { page } = clerk;
    await page.selectOption('select[name=mapping]', ANY_TEXT_MAPPING);
    const files = await Promise.all(
      Array.from({ length: DOCUMENTS }, async (_, index) =>
        pdfFile(`outage-${index}.pdf`, await pdfOf([`outage document ${index}`])),
      ),
    );
    await page.evaluate(() => Object.assign(window, { notReloaded: true }));
    await clerk.choose(files);
    await until(async () => (await page.locator('tbody tr').count()) >= 3, 'some rows are there');

    const { dataDir, url } = house;
    await house.halt();
    await page.locator('.banner[data-line=lost]').waitFor({ timeout: 20_000 });
    expect(await page.locator('.banner').innerText()).toContain('The connection is lost');
    expect(await page.locator('tbody tr').count()).toBeGreaterThanOrEqual(3);

    house = await startHouse({ dataDir, port: Number(new URL(url).port) });
    await page.locator('[data-line=live]').waitFor({ timeout: 40_000 });
    await clerk.untilRows('ready', DOCUMENTS, 150_000);
    const names = await page.locator('a.filename').allInnerTexts();
    expect(names.toSorted()).toEqual(files.map(({ name }) => name).toSorted());
    expect(await page.locator('.banner').count()).toBe(0);
    expect(await page.locator('.upload .error-line').allInnerTexts()).toEqual([]);
    expect(await page.evaluate(() => 'notReloaded' in window)).toBe(true);
    expect(clerk.complaints).toEqual([]);
    await clerk.close();
  }, 300_000);
});
