import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { JobStateName } from '../../schemas/job-states.ts';
import { timeLimit } from './machine-time.ts';

export interface ChosenFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** A user of the page with a session. It notes all errors and all requests. */
export interface PageUser {
  readonly page: Page;
  /** Script errors and refusals of the content security policy. */
  readonly complaints: readonly string[];
  /** `GET` requests for the list of jobs. */
  readonly listRequests: readonly string[];
  /** Everything that the live socket received. */
  readonly frames: readonly string[];
  choose(files: readonly ChosenFile[]): Promise<void>;
  /** Waits until exactly this many rows show a state. */
  untilRows(state: JobStateName, count: number, withinMs?: number): Promise<void>;
  close(): Promise<void>;
}

/** The mapping that converts any document with text, so that tests can make their own documents. */
export const ANY_TEXT_MAPPING = 'text_layout_v1';

export async function newPageUser(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<PageUser> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: 'en-GB',
    ...options,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  const listRequests: string[] = [];
  const frames: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (/violates the following Content Security Policy|Refused to/i.test(message.text()))
      complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (request.method() === 'GET' && new URL(request.url()).pathname === '/api/jobs')
      listRequests.push(request.url());
  });
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(String(payload))));
  await page.goto(url);
  await page.locator('.top [data-line=live]').waitFor({ timeout: 20_000 });
  return {
    page,
    complaints,
    listRequests,
    frames,
    choose: async (files) => page.setInputFiles('input[type=file]', [...files]),
    untilRows: async (state, count, withinMs = 60_000) => {
      const rows = page.locator(`tbody tr[data-state=${state}]`);
      const wanted = until(
        async () => (await rows.count()) === count,
        `${count} rows are ${state}`,
        withinMs,
      );
      await wanted.catch(async (cause: unknown) => {
        const shown = await page.locator('.upload, tbody tr, .banner').allInnerTexts();
        throw new Error(`${String(cause)}; the page shows:\n${shown.join('\n').replaceAll('\n\n', ' ')}`, {
          cause,
        });
      });
    },
    close: () => context.close(),
  };
}

export function pdfFile(name: string, buffer: Buffer): ChosenFile {
  return { name, mimeType: 'application/pdf', buffer };
}

/**
 * Waits until a condition holds, for at most `withinMs` of an idle machine. It asks from outside the page, because the
 * page's content security policy forbids the evaluation of text, which Playwright's own `waitForFunction` needs.
 */
export async function until(holds: () => Promise<boolean>, what: string, withinMs = 20_000): Promise<void> {
  for (const isOver = timeLimit(withinMs); !(await holds());) {
    if (isOver()) throw new Error(`within ${withinMs} ms it did not come to pass that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
