import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { makeInvoicePdf } from '../rooms/gateway/invoice-pdf.ts';
import { makePlainInvoice } from '../rooms/gateway/plain-invoice.ts';
import { launchBrowser } from '../harness/browser.ts';
import { ANY_TEXT_MAPPING, newPageUser, pdfFile, type PageUser } from '../harness/page-user.ts';
import { startInstallation, type Installation } from '../harness/installation.ts';
import { pdfOf } from '../harness/pdf-of.ts';

let installation: Installation;
let browser: Browser;

beforeAll(async () => {
  [installation, browser] = await Promise.all([startInstallation(), launchBrowser()]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

/** What the page saves when something is pressed: its name and its text. */
async function saved(user: PageUser, press: () => Promise<void>): Promise<{ name: string; text: string }> {
  const [file] = await Promise.all([user.page.waitForEvent('download'), press()]);
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

describe('the menu of formats beside a download', () => {
  it('saves an invoice as UBL, CII, JSON and CSV, by mouse and by keyboard, and is not offered for what is no invoice', async () => {
    const user = await newPageUser(browser, installation.url);
    const { page } = user;
    await page.selectOption('select[name=mapping]', 'invoice_v1');
    await user.choose([pdfFile('march.pdf', await makePlainInvoice({}))]);
    await user.untilRows('ready', 1);
    await page.selectOption('select[name=mapping]', ANY_TEXT_MAPPING);
    await user.choose([pdfFile('letter.pdf', await pdfOf(['Dear Sir or Madam,']))]);
    await user.untilRows('ready', 2);

    const row = page.locator('[data-row]', { hasText: 'march.pdf' });
    const open = row.locator('[data-action=formats]');
    expect(await page.locator('[data-action=formats]').count()).toBe(1);
    expect(await open.getAttribute('aria-label')).toBe('Other formats of march.pdf');
    const menu = row.locator('.format-menu');
    const choose = async (format: string): Promise<{ name: string; text: string }> => {
      await open.click();
      return saved(user, () => menu.locator(`[data-format=${format}]`).click());
    };
    const beginnings: Record<string, RegExp> = {
      ubl: /<Invoice xmlns="urn:oasis/,
      cii: /<rsm:CrossIndustryInvoice/,
      json: /^\{\s*"number": "/,
      csv: /^\ufeff?number,type,/,
    };
    for (const [format, beginning] of Object.entries(beginnings)) {
      const { name, text } = await choose(format);
      expect([format, name]).toEqual([format, `march.${{ ubl: 'xml', cii: 'xml' }[format] ?? format}`]);
      expect(text).toMatch(beginning);
      expect(await menu.isVisible()).toBe(false);
    }

    await open.click();
    await menu.locator('[data-format=cius-pt]').click();
    await page.getByText('No CIUS-PT can be made that keeps its rules. BR-CIUS-PT-03').waitFor();

    await open.focus();
    await page.keyboard.press('Enter');
    await menu.locator('a').first().waitFor();
    expect(await open.getAttribute('aria-expanded')).toBe('true');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-format'))).toBe('cii');
    const byKey = await saved(user, () => page.keyboard.press('Enter'));
    expect(byKey.text).toMatch(/<rsm:CrossIndustryInvoice/);
    await open.focus();
    await page.keyboard.press('Enter');
    await menu.locator('a').first().waitFor();
    await page.keyboard.press('Escape');
    expect(await menu.isVisible()).toBe(false);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-action'))).toBe('formats');
    expect(user.complaints).toEqual([]);
    await user.close();
  }, 120_000);

  it('saves a Portuguese invoice as CIUS-PT', async () => {
    const user = await newPageUser(browser, installation.url);
    const { page } = user;
    await page.selectOption('select[name=mapping]', 'invoice_v1');
    await user.choose([pdfFile('fatura.pdf', await makeInvoicePdf(40, { layout: 'classic', type: 'FT' }))]);
    await user.untilRows('ready', 1);
    await page.locator('[data-action=formats]').click();
    const { name, text } = await saved(user, () => page.locator('[data-format=cius-pt]').click());
    expect([name, text]).toEqual(['fatura.cius-pt.xml', expect.stringContaining('CIUS-PT:2.1.1<')]);
    expect(user.complaints).toEqual([]);
    await user.close();
  }, 120_000);

  it('lies within the window beside its button, and axe finds nothing, in both themes and on a narrow screen', async () => {
    const user = await newPageUser(browser, installation.url);
    const { page } = user;
    await page.selectOption('select[name=mapping]', 'invoice_v1');
    await user.choose([pdfFile('april.pdf', await makePlainInvoice({}))]);
    await user.untilRows('ready', 1);
    await page.locator('a.filename').click();
    for (const place of ['job', 'queue']) {
      if (place === 'queue') await page.goBack();
      await page.locator(place === 'job' ? '.job-head' : 'tbody tr').waitFor();
      for (const width of [1280, 320])
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.setViewportSize({ width, height: 640 });
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          const open = page.locator('[data-action=formats]');
          await open.click();
          await page.locator('.format-menu a').first().waitFor();
          await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => resolve(null))));
          const folder = process.env['SCREENSHOTS'];
          if (folder !== undefined)
            await page.screenshot({ path: `${folder}/formats-${place}-${width}-${colorScheme}.png` });
          const button = (await open.boundingBox())!;
          const box = (await page.locator('.format-menu').boundingBox())!;
          expect(box.x).toBeGreaterThanOrEqual(0);
          expect(box.x + box.width).toBeLessThanOrEqual(width);
          expect(box.y + box.height).toBeLessThanOrEqual(640);
          // It ends where its button ends, unless the window begins there.
          const right = Math.abs(box.x + box.width - (button.x + button.width));
          expect(Math.min(right, Math.abs(box.x - 4))).toBeLessThan(2);
          const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
          expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))).toEqual(
            [],
          );
          await page.keyboard.press('Escape');
        }
    }
    expect(user.complaints).toEqual([]);
    await user.close();
  }, 120_000);
});
