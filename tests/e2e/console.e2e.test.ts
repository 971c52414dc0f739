import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { makeInvoice } from '../rooms/gateway/invoice-pdf.ts';
import { launchBrowser } from '../harness/browser.ts';
import { ANY_TEXT_MAPPING, newPageUser, pdfFile, until, type PageUser } from '../harness/page-user.ts';
import { startInstallation, type Installation } from '../harness/installation.ts';
import { lockedPdf, pdfOf } from '../harness/pdf-of.ts';

/** Figures are sent once a second and the projection flushes four times a second; the rest is for a slow machine. */
const LIVE_MS_MAX = 10_000;
const LOCKED = ['locked-1', 'locked-2', 'locked-later'];

let installation: Installation;
let browser: Browser;
let user: PageUser;
let operator: PageUser;

beforeAll(async () => {
  [installation, browser] = await Promise.all([startInstallation(), launchBrowser()]);
  user = await newPageUser(browser, installation.url);
  operator = await newPageUser(browser, `${installation.url}/ops?range=15m&zone=UTC`);
  await operator.page.locator('.tiles').waitFor();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

async function upload(names: readonly string[], { locked } = { locked: false }): Promise<void> {
  const { page } = user;
  await page.selectOption('select[name=mapping]', ANY_TEXT_MAPPING);
  await user.choose(
    await Promise.all(
      names.map(async (name) => pdfFile(`${name}.pdf`, locked ? await lockedPdf(name) : await pdfOf([name]))),
    ),
  );
}

function barCount(page: Page, bar: string): Promise<string> {
  return page.locator(`[data-bar=${bar}] .bar-count`).innerText();
}

async function untilBar(bar: string, count: number): Promise<void> {
  const what = `the bar of ${bar} says ${count}`;
  await until(async () => (await barCount(operator.page, bar)) === String(count), what, LIVE_MS_MAX);
}

describe("the operator's console", () => {
  it('moves by itself within seconds, from everybody’s jobs, and says how fresh it is', async () => {
    const asked: string[] = [];
    operator.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await upload(['live-1', 'live-2', 'live-3']);
    await user.untilRows('ready', 3);
    await untilBar('ready', 3);
    expect(await operator.page.locator('.ops-bar .line').innerText()).toBe('Figures are live');
    expect(await operator.page.locator('[data-tile=breaker]').innerText()).toContain('Answers');
    // the window's percentiles are asked for again every 15 s, the moving figures never
    expect(asked.filter((path) => path === '/api/dashboard').length).toBeLessThanOrEqual(2);
    await until(
      async () => (await operator.page.locator('.ops-queue tbody tr').count()) === 3,
      'the list follows',
      LIVE_MS_MAX,
    );
  }, 60_000);

  it('filters the jobs at the press of a bar, keeps that in the address, and shows every chart as a table', async () => {
    const { page } = operator;
    await upload(['locked-1', 'locked-2'], { locked: true });
    await untilBar('failed', 2);
    await page.locator('[data-bar=failed]').click();
    const rows = page.locator('.ops-queue tbody tr');
    await until(async () => (await rows.count()) === 2, 'only the failed are shown', LIVE_MS_MAX);
    expect(new URL(page.url()).search).toBe('?range=15m&zone=UTC&state=failed');
    await page.reload();
    await until(async () => (await rows.count()) === 2, 'a reload keeps it', LIVE_MS_MAX);
    await page.locator('#clear-filter').click();
    await until(async () => (await rows.count()) === 5, 'all are shown again', LIVE_MS_MAX);
    for (const chart of await page.locator('.chart header button').all()) await chart.click();
    expect(await page.locator('.figure-table table').count()).toBe(5);
    expect(await page.locator('.figure-table').first().innerText()).toMatch(/Converted\s+Failed\s+Asked for/);
    for (const chart of await page.locator('.chart header button').all()) await chart.click();
    expect(await page.locator('.plot svg[role=img]').count()).toBe(3);
  }, 60_000);

  it('retries a group exactly as it stood when it was asked for, and leaves what fails later alone', async () => {
    const { page } = operator;
    await page.locator('tr[data-group=PDF_ENCRYPTED] [data-action=retry-group]').click();
    expect(await page.locator('dialog[open] h2').innerText()).toBe('Retry 2 jobs?');
    await upload(['locked-later'], { locked: true });
    await untilBar('failed', 3);
    await page.locator('[data-action=retry-go]').click();
    await until(
      async () => (await page.locator('.notice').allInnerTexts()).join().startsWith('2 jobs queued again.'),
      'two are confirmed',
    );
    await until(
      async () => (await timesOf('ConversionRequested', LOCKED)).join() === '2,2,1',
      'the two were tried again and the third was not',
      LIVE_MS_MAX,
    );
  }, 60_000);

  it('shows a moment of the past, all of it and loudly, lets nothing be changed there, and comes back', async () => {
    const { page } = operator;
    await until(
      async () => (await timesOf('ConversionFailed', LOCKED)).join() === '2,2,1',
      'the two that were retried failed again',
      LIVE_MS_MAX,
    );
    await untilBar('failed', 3);
    // the moment is chosen to the second, so a whole one lies between it and what was before
    await page.waitForTimeout(1_100);
    const before = new Date().toISOString();
    await upload(['after-the-moment']);
    await untilBar('ready', 4);

    await page.locator('[popovertarget=time-machine]').click();
    await page.locator('input[name=moment]').fill(before.slice(0, 19));
    // the console moves on meanwhile, and what was typed stays
    await page.waitForTimeout(1_500);
    expect(await page.locator('input[name=moment]').inputValue()).toBe(before.slice(0, 19));
    await page.locator('#moment-go').click();
    await page.locator('.past-banner').waitFor();
    expect(await page.locator('.past-banner').innerText()).toMatch(
      /You are looking at the past[^]*Nothing can be changed/,
    );
    await until(async () => (await page.locator('[data-bar=ready]').count()) === 1, 'the figures are there');
    expect(await Promise.all(['ready', 'failed'].map((bar) => barCount(page, bar)))).toEqual(['3', '3']);
    await until(
      async () => (await page.locator('.ops-queue tbody tr').count()) === 6,
      'the jobs are those of then',
      LIVE_MS_MAX,
    );
    expect(await page.locator('[data-action=retry-group]').count()).toBe(0);
    expect(await page.locator('.ops-queue').innerText()).not.toContain('after-the-moment');
    await page.locator('#back-to-now').click();
    await untilBar('ready', 4);
    expect(await page.locator('.past-banner').count()).toBe(0);
    expect(new URL(page.url()).searchParams.has('at')).toBe(false);
    expect(operator.complaints).toEqual([]);
  }, 60_000);
});

/** How often an event happened to each document, as its own page tells. */
async function timesOf(event: string, names: readonly string[]): Promise<number[]> {
  return Promise.all(
    names.map(async (name) => {
      const href = await user.page.locator('a.filename', { hasText: `${name}.pdf` }).getAttribute('href');
      const answer = await user.page.request.get(new URL(`/api${href}/timeline`, installation.url).href);
      const { entries } = (await answer.json()) as { entries: { type: string }[] };
      return entries.filter(({ type }) => type === event).length;
    }),
  );
}

describe('the page beside the result', () => {
  it('shows where a value of the XML stands on the page, and where a box of the page stands in the XML', async () => {
    const { page } = user;
    const { pdf, truth } = await makeInvoice(11);
    await page.selectOption('select[name=mapping]', 'pt_simon_invoice_v1');
    await user.choose([pdfFile('beside.pdf', pdf)]);
    await page.locator('tr[data-state=ready] a.filename', { hasText: 'beside.pdf' }).click();
    await page.locator('summary', { hasText: 'The page beside the result' }).click();
    const picture = page.locator('.sheet-of-paper img');
    await until(
      async () => picture.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 400),
      'the page is drawn',
    );
    const number = page.locator('.xml-value', { hasText: truth.id }).first();
    await number.click();
    const box = page.locator('.box[aria-pressed=true]');
    expect(await box.first().getAttribute('aria-label')).toBe(`number: ${truth.id}`);
    expect(await page.locator('.chosen-value').innerText()).toContain(truth.id);

    const seller = page.locator('.box[aria-label^="seller.vatId"]').first();
    await seller.focus();
    await page.keyboard.press('Enter');
    const chosen = page.locator('.xml-value[aria-pressed=true]');
    expect((await chosen.allInnerTexts()).join()).toContain(truth.seller.nif);
    // looking at the XML is no download, so it neither counts as one nor removes anything
    expect(await page.locator('.timeline').innerText()).not.toContain('downloaded');
    expect(user.complaints).toEqual([]);
  }, 60_000);
});
