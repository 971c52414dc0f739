import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { chromiumFiles } from './chromium-files.ts';

const LAUNCH_TIMEOUT_MS = 60_000;
/**
 * After some pages (a long scroll is enough), the browser's drawing process delays the end of the browser by half a
 * minute.
 */
const CLOSE_MS_MAX = 2_000;

/** Prevents the browser from calling any server except the page under test, and lets it run as root in a container. */
const FLAGS = [
  '--no-sandbox',
  '--no-zygote',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-default-browser-check',
  '--no-pings',
  '--font-render-hinting=none',
];
/** The way in which pages are drawn: by a graphics card in software, as tests want it, or without a card. */
const DRAWING_FLAGS = {
  'software card': ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  'no card': ['--disable-gpu'],
} as const;

/**
 * Starts a headless Chromium for tests, only from npm packages: nothing is installed on the machine. `CHROMIUM_PATH`
 * names another binary. Close it with `browser.close()`, which also removes its temporary folder.
 */
export async function launchBrowser(drawing: keyof typeof DRAWING_FLAGS = 'software card'): Promise<Browser> {
  const temporary = await mkdtemp(join(tmpdir(), 'docket-browser-'));
  const removeTemporary = () => rm(temporary, { recursive: true, force: true, maxRetries: 5 });
  try {
    const browser = await chromium.launch({
      ...(await whichBrowser(temporary)),
      args: [...FLAGS, ...DRAWING_FLAGS[drawing]],
      headless: true,
      timeout: LAUNCH_TIMEOUT_MS,
    });
    const pid = await processIdOf(browser);
    const close = browser.close.bind(browser);
    browser.close = async (options) => {
      const late = setTimeout(() => endProcessGroup(pid), CLOSE_MS_MAX);
      await close(options);
      clearTimeout(late);
      await removeTemporary();
    };
    return browser;
  } catch (error) {
    await removeTemporary();
    throw error;
  }
}

async function processIdOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.find(({ type }) => type === 'browser')?.id ?? 0;
}

/** The browser leads its own process group, so no process of it remains. */
function endProcessGroup(pid: number): void {
  if (pid <= 0) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function whichBrowser(
  temporary: string,
): Promise<{ executablePath: string; env: Record<string, string> }> {
  const env = { ...definedOnly(process.env), TMPDIR: temporary, HOME: temporary };
  const override = process.env['CHROMIUM_PATH'];
  if (override !== undefined && override !== '') return { executablePath: override, env };
  const files = await chromiumFiles();
  return {
    executablePath: files.executable,
    env: {
      ...env,
      LD_LIBRARY_PATH: [files.libraries, process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':'),
      FONTCONFIG_FILE: files.fontsConf,
    },
  };
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
