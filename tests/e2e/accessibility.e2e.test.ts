import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../harness/browser.ts';
import { ANY_TEXT_MAPPING, newPageUser, pdfFile, type PageUser } from '../harness/page-user.ts';
import { startInstallation, type Installation } from '../harness/installation.ts';
import { lockedPdf, pdfOf } from '../harness/pdf-of.ts';
import { en } from '../../web/src/text/en.ts';
import { opsEn } from '../../web/src/text/ops-en.ts';
import { opsPt } from '../../web/src/text/ops-pt.ts';
import { pt } from '../../web/src/text/pt.ts';

const UNKNOWN_JOB = '/jobs/00000000-0000-4000-8000-000000000000';
let installation: Installation;
let browser: Browser;

beforeAll(async () => {
  [installation, browser] = await Promise.all([startInstallation(), launchBrowser()]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

/** The rules of axe whose verdict depends on colours. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/** What axe finds on the present view, as lines that say where. Without frames it needs no second page. */
async function violations(page: Page, view: string, rules: readonly string[] | 'all'): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  const { violations: found } = await (rules === 'all' ? axe : axe.withRules([...rules])).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${view}: ${id}: ${html.slice(0, 200)}`));
}

/** Takes a user through every view there is; `look` sees each. */
async function throughAllViews(user: PageUser, look: (view: string) => Promise<void>): Promise<void> {
  const { page } = user;
  await look('empty queue');
  await page.selectOption('select[name=mapping]', ANY_TEXT_MAPPING);
  await user.choose([
    pdfFile('good.pdf', await pdfOf(['views', String(Math.random())])),
    pdfFile('locked.pdf', await lockedPdf()),
    pdfFile('letter.pdf', Buffer.from('Dear Sir or Madam,')),
  ]);
  await user.untilRows('ready', 1);
  await user.untilRows('failed', 1);
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
  await page.goto(new URL('/ops?range=15m', page.url()).href);
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
  await page.locator('.empty-state h1').waitFor();
  await look('unknown job');
}

/** How a view is looked at. Between the themes nothing differs but colours, so the dark one is held to their rules. */
const LOOKS = [
  ['light', 1280, 'all'],
  ['dark', 1280, COLOUR_RULES],
  ['light', 390, 'all'],
  ['dark', 390, COLOUR_RULES],
] as const;
type Found = Record<string, string[]>;

/**
 * One way through all views serves every check that is made in English: the sizes and the themes are changed at each
 * view, so nothing is uploaded or waited for twice.
 */
async function lookAtEverything(user: PageUser): Promise<Found> {
  const { page } = user;
  const found: Found = { complaints: [], overflow: [], targets: [] };
  await throughAllViews(user, async (view) => {
    for (const [colorScheme, width, rules] of LOOKS) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      (found[`${colorScheme} ${width}`] ??= []).push(...(await violations(page, view, rules)));
      found['targets']!.push(...(await smallTargets(page)).map((each) => `${view} at ${width} px: ${each}`));
    }
    await page.setViewportSize({ width: 320, height: 640 });
    found['overflow']!.push(...(await widerThanTheScreen(page)).map((each) => `${view}: ${each}`));
    await page.setViewportSize({ width: 1280, height: 900 });
  });
  found['complaints']!.push(...user.complaints);
  return found;
}

describe('every view', () => {
  let found: Found;

  beforeAll(async () => {
    const user = await newPageUser(browser, installation.url);
    found = await lookAtEverything(user);
    await user.close();
  }, 400_000);

  it.each(LOOKS.map(([colorScheme, width]) => [colorScheme, width] as const))(
    'is free of axe violations in %s at %i px [R13.05]',
    (colorScheme, width) => {
      expect(found[`${colorScheme} ${width}`]).toEqual([]);
    },
  );

  it('breaks no rule of the content security policy and raises no script error', () => {
    expect(found['complaints']).toEqual([]);
  });

  it('fits 320 px, which is 1280 px at 400 %, without scrolling sideways [R13.05]', () => {
    expect(found['overflow']).toEqual([]);
  });

  it('has no target smaller than 24 px, apart from links in running text (WCAG 2.2, 2.5.8)', () => {
    expect(found['targets']).toEqual([]);
  });

  it('is in Portuguese from end to end for those who read it, without an English sentence left over', async () => {
    const english = englishSentences();
    const user = await newPageUser(browser, installation.url, { locale: 'pt-PT' });
    const left: string[] = [];
    await throughAllViews(user, async (view) => {
      for (const said of await everythingSaid(user.page))
        if (english.has(said)) left.push(`${view}: ${said}`);
    });
    expect(left).toEqual([]);
    expect(await user.page.locator('html').getAttribute('lang')).toBe('pt-PT');
    await user.close();
  }, 400_000);
});

/** Targets below 24 px either way; a tick counts as large as its label. */
async function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [
      ...document.querySelectorAll<HTMLElement>(
        'button, select, input:not([hidden]), a.button, label.tick, summary',
      ),
    ]
      .filter((element) => element.checkVisibility() && element.closest('.check, .tick') === null)
      .map((element) => ({ box: element.getBoundingClientRect(), words: element.outerHTML.slice(0, 120) }))
      .filter(({ box }) => box.width > 0 && (box.width < 24 || box.height < 24))
      .map(({ box, words }) => `${box.width}x${box.height} ${words}`),
  );
}

/** The overflow of the page in pixels with the innermost elements that cause it; nothing when there is none. */
async function widerThanTheScreen(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const overflow = document.documentElement.scrollWidth - innerWidth;
    if (overflow <= 0) return [];
    const edge = innerWidth - scrollX;
    const outside = [...document.querySelectorAll('main *')].filter(
      (element) =>
        element.getBoundingClientRect().right > edge + 1 &&
        element.closest('.scroll-x, .figure-table') === null,
    );
    return [`${overflow} px`, ...outside.slice(0, 6).map((element) => element.outerHTML.slice(0, 120))];
  });
}

/** Sentences of the English catalogue that stand as they are, without a blank, and differ in Portuguese. */
function englishSentences(): Set<string> {
  const english: Record<string, unknown> = { ...en, ...prefixed(opsEn) };
  const portuguese: Record<string, unknown> = { ...pt, ...prefixed(opsPt) };
  const sentences = Object.entries(english).flatMap(([key, message]) => {
    const own = typeof message === 'string' ? [message] : Object.values(message as object).map(String);
    const translated = JSON.stringify(portuguese[key]);
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
