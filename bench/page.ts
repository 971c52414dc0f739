/**
 * `npm run bench:page` measures the queue page with a queue of 5,000 jobs, on a processor that is slowed four times.
 * It measures the time until the page can be used, the blank areas during a scroll, and the load of the main thread
 * at 100 updates a second.
 */
import type { Browser, CDPSession, Page } from 'playwright-core';
import { launchBrowser } from '../tests/harness/browser.ts';
import { startLongQueue } from '../tests/harness/long-queue-server.ts';

const JOBS = 5_000;
const SLOWDOWN = 4;
const LOADS = 11;
const LOAD_MS_MAX = 30_000;
const UPDATES_PER_SEC = 100;
const WATCHED_MS = 10_000;
const SCROLLS = 100;

// A second after a navigation, Chromium ends the compositor of the previous page. With a software graphics card the
// new page then waits 0.7 s, which does not happen in a user's browser.
const [browser, queue] = await Promise.all([launchBrowser('no card'), startLongQueue(JOBS)]);
try {
  const usable: number[] = [];
  for (let load = 0; load < LOADS; load += 1) usable.push(await usableAfterMs(browser));
  const sorted = usable.toSorted((left, right) => left - right);
  print(
    'usable after, slowed 4 times',
    `median ${sorted[Math.floor(LOADS / 2)]} ms, worst ${sorted.at(-1)} ms of ${LOADS} loads`,
  );

  const { page, session } = await openPage(browser);
  await page.goto(queue.url);
  await page.locator('tbody tr[data-row]').first().waitFor();
  queue.changeEverySecond(UPDATES_PER_SEC);
  await page.waitForTimeout(1_000);
  const before = await mainThreadSec(session);
  const startedAt = Date.now();
  await page.waitForTimeout(WATCHED_MS);
  const busy = ((await mainThreadSec(session)) - before) / ((Date.now() - startedAt) / 1_000);
  print(`main thread busy at ${UPDATES_PER_SEC} updates/s`, `${(busy * 100).toFixed(1)} %, not slowed`);

  let blanks = 0;
  for (let step = 0; step < SCROLLS; step += 1) blanks += await blankAfterScroll(page);
  print('blank screens while scrolling under the same updates', `${blanks} of ${SCROLLS}`);
} finally {
  await browser.close();
  await queue.stop();
}

function print(what: string, figure: string): void {
  console.log(`${what.padEnd(56)} ${figure}`);
}

async function openPage(into: Browser): Promise<{ page: Page; session: CDPSession }> {
  const page = await into.newPage({ viewport: { width: 1280, height: 900 } });
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return { page, session };
}

/** From the start of the navigation to the second frame after the first row, by the page's own clock. */
async function usableAfterMs(into: Browser): Promise<number> {
  const { page, session } = await openPage(into);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN });
  await page.addInitScript(() => {
    new MutationObserver((_changes, observer) => {
      if (document.querySelector('tbody tr[data-row]') === null) return;
      observer.disconnect();
      requestAnimationFrame(() =>
        requestAnimationFrame(() => Object.assign(window, { usableAtMs: performance.now() })),
      );
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto(queue.url);
  const read = () => page.evaluate(() => (window as unknown as { usableAtMs?: number }).usableAtMs ?? null);
  let at = await read();
  for (const end = Date.now() + LOAD_MS_MAX; at === null; at = await read()) {
    if (Date.now() > end) throw new Error(`the page showed no row within ${LOAD_MS_MAX} ms`);
    await page.waitForTimeout(50);
  }
  await page.close();
  return Math.round(at);
}

/** CPU seconds of the main thread. Unlike a clock, they do not include the time of other programs. */
async function mainThreadSec(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
}

/** Returns 1 when the middle of the page shows no row two frames after a scroll by most of a screen. */
function blankAfterScroll(page: Page): Promise<number> {
  return page.evaluate(async () => {
    scrollBy(0, 800);
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    return document.elementFromPoint(500, 600)?.closest('tr[data-row]') === null ? 1 : 0;
  });
}
