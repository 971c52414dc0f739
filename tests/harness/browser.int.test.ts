import { afterAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { launchBrowser } from './browser.ts';

describe('the headless browser', () => {
  const browsers: Browser[] = [];
  afterAll(() => Promise.all(browsers.map((browser) => browser.close())));

  it('starts twice at the same time, draws text and runs scripts', async () => {
    browsers.push(...(await Promise.all([launchBrowser(), launchBrowser()])));
    for (const browser of browsers) {
      const page = await browser.newPage();
      await page.setContent('<p id="text">Faturação, 1.234,56 €</p>');
      const box = await page.locator('#text').boundingBox();
      expect(box?.height).toBeGreaterThan(10);
      expect(await page.evaluate('CSS.supports("color", "light-dark(red, blue)")')).toBe(true);
      expect((await page.screenshot()).length).toBeGreaterThan(1_000);
    }
  }, 120_000);
});
