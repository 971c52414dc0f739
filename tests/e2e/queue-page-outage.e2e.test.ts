import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../harness/browser.ts';
import { ANY_TEXT_MAPPING, newPageUser, pdfFile, until } from '../harness/page-user.ts';
import { startInstallation, type Installation } from '../harness/installation.ts';
import { pdfOf } from '../harness/pdf-of.ts';

/** Forty files at once, two of them bad. */
const GOOD = 38;
let installation: Installation;
let browser: Browser;

beforeAll(async () => {
  [installation, browser] = await Promise.all([startInstallation(), launchBrowser()]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

describe('forty files, two of them bad, and the installation killed while they are on their way', () => {
  it('has its banner after five seconds, then 38 Ready once each and two with their sentence, without a reload [R12.02]', async () => {
    const user = await newPageUser(browser, installation.url);
    const { page } = user;
    await page.selectOption('select[name=mapping]', ANY_TEXT_MAPPING);
    const files = await Promise.all(
      Array.from({ length: GOOD }, async (_, index) =>
        pdfFile(`outage-${index}.pdf`, await pdfOf([`outage document ${index}`])),
      ),
    );
    const bad = [
      pdfFile('letter.pdf', Buffer.from('Dear Sir or Madam,')),
      pdfFile('empty.pdf', Buffer.alloc(0)),
    ];
    await page.evaluate(() => Object.assign(window, { notReloaded: true }));
    await user.choose([...files.slice(0, 19), bad[0]!, ...files.slice(19), bad[1]!]);
    await until(async () => (await page.locator('tbody tr').count()) >= 3, 'some rows are there');

    const { dataDir, url } = installation;
    await installation.halt('SIGKILL');
    await page.locator('.banner[data-line=lost]').waitFor({ timeout: 20_000 });
    expect(await page.locator('.banner').innerText()).toContain('The connection is lost');
    expect(await page.locator('tbody tr').count()).toBeGreaterThanOrEqual(3);

    installation = await startInstallation({ dataDir, port: Number(new URL(url).port) });
    await page.locator('[data-line=live]').waitFor({ timeout: 40_000 });
    await user.untilRows('ready', GOOD, 150_000);
    const names = await page.locator('a.filename').allInnerTexts();
    expect(names.toSorted()).toEqual(files.map(({ name }) => name).toSorted());
    expect(await page.locator('.banner').count()).toBe(0);
    const sentences = (await page.locator('.upload .error-line').allInnerTexts()).sort();
    expect(sentences).toHaveLength(2);
    expect(sentences.join('\n')).toMatch(/is empty[^]*EMPTY[^]*is not a PDF[^]*NOT_PDF/);
    expect(await page.evaluate(() => 'notReloaded' in window)).toBe(true);
    expect(user.complaints).toEqual([]);
    await user.close();
  }, 300_000);
});
