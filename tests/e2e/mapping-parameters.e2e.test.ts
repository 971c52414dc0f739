import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { makeTimetablePdf } from '../rooms/gateway/other-pdf.ts';
import { launchBrowser } from '../harness/browser.ts';
import { ANY_TEXT_MAPPING, newPageUser, pdfFile } from '../harness/page-user.ts';
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

describe('the parameters of a mapping on the page', () => {
  it('are asked for by the mapping that takes them alone, go with the file, and stand on the job’s page', async () => {
    const user = await newPageUser(browser, installation.url);
    const { page } = user;
    const field = (name: string) => page.locator(`input[name="param.${name}"]`);
    await page.selectOption('select[name=mapping]', ANY_TEXT_MAPPING);
    expect(await page.locator('.drop-parameters').count()).toBe(0);
    await page.selectOption('select[name=mapping]', 'schedule_ics_v1');
    await field('termStart').fill('2026-09-14');
    await field('termEnd').fill('2026-12-18');
    await field('timeZone').fill('Europe/Lisbon');
    await user.choose([pdfFile('timetable.pdf', await makeTimetablePdf())]);
    await user.untilRows('ready', 1);
    await page.locator('[data-row] a').first().click();
    const facts = page.locator('.facts');
    await facts.getByText('First day').waitFor();
    const said = await facts.innerText();
    expect(said).toMatch(/First day:\s*2026-09-14/);
    expect(said).toMatch(/Last day:\s*2026-12-18/);
    expect(said).toMatch(/Time zone:\s*Europe\/Lisbon/);
    expect(said).not.toContain('Converted by');
    expect(user.complaints).toEqual([]);
    await user.close();
  }, 120_000);
});
