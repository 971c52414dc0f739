import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { somePdf } from '../rooms/command-api/pdfs.ts';
import { makeInvoicePdf } from '../rooms/gateway/invoice-pdf.ts';
import { makePlainInvoice } from '../rooms/gateway/plain-invoice.ts';
import { launchBrowser } from '../harness/browser.ts';
import {
  ANY_TEXT_MAPPING,
  newPageUser,
  pdfFile,
  until,
  type ChosenFile,
  type PageUser,
} from '../harness/page-user.ts';
import { startInstallation, type Installation } from '../harness/installation.ts';
import { lockedPdf, pdfOf } from '../harness/pdf-of.ts';

const MIB = 1024 * 1024;

let installation: Installation;
let browser: Browser;
const users: PageUser[] = [];

beforeAll(async () => {
  const env = { OWNER_STORAGE_MB: '10' };
  [installation, browser] = await Promise.all([startInstallation({ env }), launchBrowser()]);
}, 120_000);

afterEach(async () => {
  for (const user of users.splice(0)) await user.close();
});

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

async function user(options: BrowserContextOptions = {}): Promise<PageUser> {
  const one = await newPageUser(browser, installation.url, options);
  users.push(one);
  await one.page.selectOption('select[name=mapping]', ANY_TEXT_MAPPING);
  return one;
}

async function documents(prefix: string, count: number): Promise<ChosenFile[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) =>
      pdfFile(`${prefix}-${index}.pdf`, await pdfOf([`${prefix} document ${index}`, 'Some words to read.'])),
    ),
  );
}

describe('the queue page', () => {
  it('says its limits before a file is chosen, and what an empty queue is for [R13.01][R13.04]', async () => {
    const { page } = await user();
    expect(await page.locator('.drop-limit').innerText()).toBe('PDF only, up to 50 MB each.');
    expect(await page.locator('.empty-state h3').innerText()).toBe('Nothing here yet');
    expect(await page.locator('#choose-files').innerText()).toBe('Choose PDFs');
  });

  it('begins with the mapping that detects what a PDF is, and converts each for what it is', async () => {
    const one = await newPageUser(browser, installation.url, {});
    users.push(one);
    const chosen = one.page.locator('select[name=mapping]');
    await until(async () => (await chosen.inputValue()) === 'invoice_v1', 'the page detects');
    expect(await chosen.locator('option:checked').innerText()).toBe('Detect');
    await one.choose([
      pdfFile('fatura.pdf', await makeInvoicePdf(31, { layout: 'classic' })),
      pdfFile('rechnung.pdf', await makePlainInvoice({})),
    ]);
    await one.untilRows('ready', 2);
    expect(one.complaints).toEqual([]);
  }, 90_000);

  it('turns three documents Ready in place, by the socket alone, and hands out the result [R12.01][R13.04]', async () => {
    const one = await user();
    await one.choose(await documents('three', 3));
    await one.untilRows('ready', 3);
    expect(one.listRequests).toEqual([]);
    expect(await one.page.locator('#choose-files').innerText()).toBe('Upload more');
    const [download] = await Promise.all([
      one.page.waitForEvent('download'),
      one.page.locator('tbody [data-action=download]').first().click(),
    ]);
    expect(await readFile(await download.path(), 'utf8')).toMatch(/^<\?xml /);
    expect(one.complaints).toEqual([]);
  }, 90_000);

  it('takes forty files at once: the good become Ready, the bad get their sentence and code [A-UP01]', async () => {
    const one = await user();
    await one.page.evaluate(() => Object.assign(window, { notReloaded: true }));
    const good = await documents('forty', 38);
    const text = { ...pdfFile('letter.pdf', Buffer.from('Dear Sir or Madam,')), name: 'letter.pdf' };
    await one.choose([
      ...good.slice(0, 20),
      text,
      ...good.slice(20),
      pdfFile('nothing.pdf', Buffer.alloc(0)),
    ]);
    await one.untilRows('ready', 38, 120_000);
    const lines = await one.page.locator('.upload .error-line').allInnerTexts();
    expect(lines).toHaveLength(2);
    expect(lines.join('\n')).toMatch(/is not a PDF[^]*NOT_PDF/);
    expect(lines.join('\n')).toMatch(/is empty[^]*EMPTY/);
    expect(one.listRequests).toEqual([]);
    expect(await one.page.evaluate(() => 'notReloaded' in window)).toBe(true);
    expect(await one.page.locator('#download-all').innerText()).toMatch(
      /Download all 38 results \(.* kB, zip\)/,
    );
    const [download] = await Promise.all([
      one.page.waitForEvent('download'),
      one.page.locator('#download-all').click(),
    ]);
    expect((await readFile(await download.path())).subarray(0, 2).toString()).toBe('PK');
  }, 150_000);

  it('says that a document is already there, and makes no second job of it [R02.01]', async () => {
    const one = await user();
    const [file] = await documents('again', 1);
    await one.choose([file!]);
    await one.untilRows('ready', 1);
    await one.choose([{ ...file!, name: 'another-name.pdf' }]);
    await one.page.locator('.upload[data-phase=duplicate]').waitFor();
    expect(await one.page.locator('.upload').innerText()).toContain('Already in your queue');
    expect(await one.page.locator('tbody tr').count()).toBe(1);
  }, 90_000);

  it('says in the row how much is used and allowed when an owner has no room for a file', async () => {
    const one = await user();
    await one.choose([pdfFile('small.pdf', somePdf(2 * MIB))]);
    await one.page.locator('tbody tr').waitFor();
    await one.choose([pdfFile('large.pdf', somePdf(9 * MIB))]);
    const line = one.page.locator('.upload[data-phase=refused] .error-line');
    expect(await line.innerText()).toMatch(/take 2 MB of 10 MB; this one has no room.*QUOTA_EXCEEDED/);
    expect(await one.page.locator('tbody tr').count()).toBe(1);
  }, 90_000);

  it('tells why a document failed, offers Retry, and keeps Download for what is Ready [R13.02]', async () => {
    const one = await user();
    await one.choose([pdfFile('locked.pdf', await lockedPdf())]);
    await one.untilRows('failed', 1);
    const row = one.page.locator('tbody tr');
    expect(await row.locator('.error-line').innerText()).toMatch(/protected by a password.*PDF_ENCRYPTED/s);
    expect(await row.locator('[data-action=download]').count()).toBe(0);
    await row.locator('[data-action=retry]').click();
    const notice = one.page.locator('.notice');
    await until(
      async () => (await notice.allInnerTexts()).join() === '1 job queued again.',
      'it is confirmed',
    );
    await one.untilRows('failed', 1);
    await row.locator('a.filename').click();
    await one.page.locator('.timeline li[data-type=ConversionFailed]').nth(1).waitFor();
    expect(await one.page.locator('.timeline').innerText()).toContain('requested again by a retry');
  }, 90_000);

  it('says why Review is not possible instead of being a dead button [R13.03]', async () => {
    const one = await user();
    await one.choose(await documents('review', 1));
    const review = one.page.locator('tbody [data-action=review]');
    await review.waitFor();
    expect(await review.getAttribute('aria-disabled')).toBe('true');
    await review.focus();
    await one.page.keyboard.press('Enter');
    expect(await one.page.locator('.notice').innerText()).toMatch(/^Review is not available yet/);
  }, 60_000);

  it('shows a hostile file name as text and runs none of it [A-FN07]', async () => {
    const one = await user();
    const name = '<img src=x onerror=document.title=1>.pdf';
    await one.choose([pdfFile(name, await pdfOf(['hostile name']))]);
    await one.untilRows('ready', 1);
    expect(await one.page.locator('a.filename').innerText()).toBe(name);
    expect(await one.page.locator('tbody img').count()).toBe(0);
    expect(await one.page.title()).toBe('Docket');
  }, 60_000);

  it('opened by an address that is not ours, names the right one and does not blame the network [A-CS03]', async () => {
    const { port } = new URL(installation.url);
    const page = await browser.newPage();
    try {
      await page.goto(`http://docket.localhost:${port}/`);
      const banner = page.locator('.banner[data-line=foreign-address]');
      await banner.waitFor();
      expect(await banner.innerText()).toContain(`http://localhost:${port}`);
      expect(await banner.innerText()).not.toMatch(/network/);
      await banner.locator('a').click();
      await page.locator('[data-line=live]').waitFor({ timeout: 40_000 });
      expect(await page.locator('.banner').count()).toBe(0);
    } finally {
      await page.close();
    }
  });

  it('keeps filter, search and order in the address, over a reload', async () => {
    const one = await user();
    await one.choose([...(await documents('filter', 3)), pdfFile('locked-too.pdf', await lockedPdf())]);
    await one.untilRows('ready', 3);
    await one.untilRows('failed', 1);
    await one.page.click('[data-filter=ready]');
    await one.page.fill('#search', 'FILTER-1');
    await one.page.click('th.c-file button');
    expect(new URL(one.page.url()).search).toBe('?state=ready&search=FILTER-1&sort=filename');
    await one.page.reload();
    await one.page.locator('tbody tr').waitFor();
    expect(await one.page.locator('a.filename').allInnerTexts()).toEqual(['filter-1.pdf']);
    await one.page.fill('#search', 'no such name');
    expect(await one.page.locator('.empty-state h3').innerText()).toBe('No document matches');
    await one.page.click('.empty-state button');
    expect(await one.page.locator('tbody tr').count()).toBe(4);
  }, 90_000);

  it('can be used from upload to download by the keyboard alone [R13.05]', async () => {
    const one = await user();
    const { page } = one;
    const [file] = await documents('keys', 1);
    // Waited for early: the browser is told to hand its dialog over, and that takes effect a moment later.
    const choosing = page.waitForEvent('filechooser');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.className)).toBe('skip');
    await page.keyboard.press('u');
    const chooser = await choosing;
    await chooser.setFiles([file!]);
    await one.untilRows('ready', 1);
    await page.keyboard.press('j');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('keys-0.pdf');
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('d')]);
    expect((await readFile(await download.path())).length).toBeGreaterThan(100);
    await page.keyboard.press('x');
    expect(await page.locator('.selection strong').innerText()).toBe('1 selected');
    await page.keyboard.press('Escape');
    expect(await page.locator('.selection').count()).toBe(0);
    await page.keyboard.press('?');
    expect(await page.locator('dialog[open] h2').innerText()).toBe('Keyboard shortcuts');
    await page.keyboard.press('Escape');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('keys-0.pdf');
    await page.keyboard.press('Enter');
    await page.locator('article.job h1').waitFor();
  }, 90_000);

  it('never receives a byte about the documents of another session [R08.01]', async () => {
    const one = await user();
    const other = await user();
    await one.choose([pdfFile('only-mine.pdf', await pdfOf(['mine alone']))]);
    await one.untilRows('ready', 1);
    await other.choose([pdfFile('only-theirs.pdf', await pdfOf(['theirs alone']))]);
    await other.untilRows('ready', 1);
    expect(one.frames.join('\n')).toContain('only-mine.pdf');
    expect(one.frames.join('\n')).not.toContain('only-theirs.pdf');
    expect(other.frames.join('\n')).not.toContain('only-mine.pdf');
    const idOf = async ({ page }: PageUser) => page.locator('tbody tr[data-row]').getAttribute('data-row');
    const mine = await idOf(one);
    const theirs = await idOf(other);
    expect(other.frames.join('\n')).not.toContain(mine);
    expect(one.frames.join('\n')).not.toContain(theirs);
  }, 90_000);

  it('puts what moves into one polite announcement and the window title', async () => {
    const one = await user();
    // Written down in the page itself: on a fast machine a title may be gone before anybody can ask for it.
    const titles: string[] = [];
    await one.page.exposeFunction('noteTitle', (title: string) => titles.push(title));
    await one.page.evaluate(() => {
      const page = globalThis as unknown as { noteTitle(title: string): void };
      new MutationObserver(() => page.noteTitle(document.title)).observe(document.head, {
        subtree: true,
        childList: true,
        characterData: true,
      });
    });
    await one.choose(await documents('said', 4));
    await until(
      () => Promise.resolve(titles.some((title) => /^\(\d\) Docket$/.test(title))),
      'the title counts',
    );
    await one.untilRows('ready', 4);
    const said = one.page.locator('#live-region');
    await until(async () => (await said.innerText()).includes('ready'), 'it is said');
    expect(await one.page.locator('[aria-live]').count()).toBe(1);
    expect(await one.page.title()).toBe('Docket');
  }, 90_000);
});
