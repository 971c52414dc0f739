import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../harness/browser.ts';
import { ANY_TEXT_MAPPING, newClerk, pdfFile, type Clerk } from '../harness/clerk.ts';
import { startHouse, type House } from '../harness/house.ts';
import { lockedPdf, pdfOf } from '../harness/pdf-of.ts';
import { en } from '../../web/src/text/en.ts';
import { opsEn } from '../../web/src/text/ops-en.ts';
import { opsPt } from '../../web/src/text/ops-pt.ts';
import { pt } from '../../web/src/text/pt.ts';

const UNKNOWN_JOB = '/jobs/00000000-0000-4000-8000-000000000000';
let house: House;
let browser: Browser;

beforeAll(async () => {
  [house, browser] = await Promise.all([startHouse(), launchBrowser()]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await house?.stop();
});

/** What axe finds on the present view, as lines that say where. */
async function violations(page: Page, view: string): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${view}: ${id}: ${html.slice(0, 200)}`));
}

/** Takes a clerk through every view there is; `look` sees each. */
async function throughAllViews(clerk: Clerk, look: (view: string) => Promise<void>): Promise<void> {
  const { page } = clerk;
  await look('empty queue');
  await page.selectOption('select[name=mapping]', ANY_TEXT_MAPPING);
  await clerk.choose([
    pdfFile('good.pdf', await pdfOf(['views', String(Math.random())])),
    pdfFile('locked.pdf', await lockedPdf()),
    pdfFile('letter.pdf', Buffer.from('Dear Sir or Madam,')),
  ]);
  await clerk.untilRows('ready', 1);
  await clerk.untilRows('failed', 1);
  await look('queue with a refused upload');
  await page.locator('tbody input[type=checkbox]').first().check();
  await page.click('[popovertarget=settings]');
  await look('selection and settings');
  await page.keyboard.press('Escape');
  await page.fill('#search', 'nothing is called so');
  await look('no match');
  await page.fill('#search', '');
  await page.locator('h2#queue-title').click();
  await page.keyboard.press('?');
  await look('keyboard sheet');
  await page.keyboard.press('Escape');
  await page.locator('tr[data-state=failed] a.filename').click();
  await page.locator('.timeline li[data-type=ConversionFailed]').waitFor();
  for (const part of await page.locator('.raw summary, .why summary').all()) await part.click();
  await look('job');
  await page.goto(new URL('/ops', page.url()).href);
  await page.locator('tr[data-group] [data-action=retry-group]').first().waitFor();
  await page.locator('.ops-queue tbody tr').first().waitFor();
  await look('console');
  await page.locator('tr[data-group] [data-action=retry-group]').first().click();
  await page.locator('dialog[open]').waitFor();
  await look('retry of a group');
  await page.keyboard.press('Escape');
  for (const chart of await page.locator('.chart header button').all()) await chart.click();
  await page.click('[popovertarget=time-machine]');
  await look('console as tables, with the time machine');
  await page.click('#moment-go');
  await page.locator('.past-banner').waitFor();
  await page.locator('.ops-panels[aria-busy=false] .tiles').waitFor();
  await look('console of the past');
  await page.goto(new URL(UNKNOWN_JOB, page.url()).href);
  await page.locator('.emptiness h1').waitFor();
  await look('unknown job');
}

describe('every view', () => {
  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
    ['dark', 390],
  ] as const)(
    'is free of axe violations in %s at %i px [R13.05]',
    async (colorScheme, width) => {
      const clerk = await newClerk(browser, house.url, { colorScheme, viewport: { width, height: 900 } });
      const found: string[] = [];
      await throughAllViews(clerk, async (view) => void found.push(...(await violations(clerk.page, view))));
      expect(found).toEqual([]);
      expect(clerk.complaints).toEqual([]);
      await clerk.close();
    },
    150_000,
  );

  it('is in Portuguese from end to end for those who read it, without an English sentence left over', async () => {
    const english = englishSentences();
    const clerk = await newClerk(browser, house.url, { locale: 'pt-PT' });
    const found: string[] = [];
    await throughAllViews(clerk, async (view) => {
      for (const said of await everythingSaid(clerk.page))
        if (english.has(said)) found.push(`${view}: ${said}`);
    });
    expect(found).toEqual([]);
    expect(await clerk.page.locator('html').getAttribute('lang')).toBe('pt-PT');
    await clerk.close();
  }, 150_000);

  it('fits 320 px, which is 1280 px at 400 %, without scrolling sideways [R13.05]', async () => {
    const clerk = await newClerk(browser, house.url, { viewport: { width: 320, height: 640 } });
    const wider: string[] = [];
    await throughAllViews(clerk, async (view) => {
      const overflow = await clerk.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (overflow > 0) wider.push(`${view}: ${overflow} px`);
    });
    expect(wider).toEqual([]);
    await clerk.close();
  }, 150_000);

  it('has no target smaller than 24 px, apart from links in running text (WCAG 2.2, 2.5.8)', async () => {
    const clerk = await newClerk(browser, house.url);
    const small: string[] = [];
    await throughAllViews(clerk, async (view) => {
      const found = await clerk.page.evaluate(() =>
        [
          ...document.querySelectorAll<HTMLElement>(
            'button, select, input:not([hidden]), a.button, label.tick, summary',
          ),
        ]
          .filter((element) => element.checkVisibility() && element.closest('.check, .tick') === null)
          .map((element) => ({
            box: element.getBoundingClientRect(),
            words: element.outerHTML.slice(0, 120),
          }))
          .filter(({ box }) => box.width > 0 && (box.width < 24 || box.height < 24))
          .map(({ box, words }) => `${box.width}x${box.height} ${words}`),
      );
      small.push(...found.map((each) => `${view}: ${each}`));
    });
    expect(small).toEqual([]);
    await clerk.close();
  }, 150_000);
});

/** Sentences of the English catalogue that stand as they are, without a blank, and differ in Portuguese. */
function englishSentences(): Set<string> {
  const [english, portuguese]: Record<string, unknown>[] = [
    { ...en, ...prefixed(opsEn) },
    { ...pt, ...prefixed(opsPt) },
  ];
  const sentences = Object.entries(english!).flatMap(([key, message]) => {
    const own = typeof message === 'string' ? [message] : Object.values(message as object).map(String);
    const translated = JSON.stringify(portuguese![key]);
    return own.filter((text) => !text.includes('{') && !translated.includes(text));
  });
  return new Set(sentences);
}

/** Two catalogues have some names in common. */
function prefixed(catalogue: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(catalogue).map(([key, message]) => [`ops ${key}`, message]));
}

/** Every text and every label of the page, apart from what is marked as being in another language. */
async function everythingSaid(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const said: string[] = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
      if (node.parentElement?.closest('[lang]:not(html)') === null)
        said.push((node.textContent ?? '').trim());
    for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]'))
      for (const name of ['aria-label', 'title', 'placeholder']) said.push(element.getAttribute(name) ?? '');
    return said;
  });
}
