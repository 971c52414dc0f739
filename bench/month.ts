/**
 * `node bench/month.ts FOLDER JOBS [PART]...` measures rebuild, verification and look-back of a seeded month with
 * JOBS jobs. The month stays in FOLDER between the parts (generate, read, rebuild, copy, verify, ask, archive), so
 * each part can run alone. Without parts, all parts run in this order. Prints one line of JSON a part. `npm run
 * bench:month` measures 200,000 and 20,000 jobs in a temporary folder, which it removes.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECTIONS } from '../projector/registry.ts';
import { measureAsking } from './month/ask.ts';
import { measureExport } from './month/measure-export.ts';
import { measureCopy, measureReading, measureRebuild, secondsOf } from './month/rebuild-beside-copy.ts';
import { openStores, type MonthStores } from './month/stores.ts';

const SIZES = [200_000, 20_000] as const;
const PART_MS_MAX = 20 * 60_000;
const TIMES = 60;
const ROOT = join(import.meta.dirname, '..');
const run = promisify(execFile);

type Part = (stores: MonthStores, folder: string) => Promise<object>;
const PARTS: Readonly<Record<string, Part>> = {
  read: measureReading,
  rebuild: (stores) => measureRebuild(stores, PROJECTIONS),
  copy: measureCopy,
  verify: async ({ env }) => ({
    verify: await docket(env, ['verify', 'streams', 'tables', '--json']),
    seal: await docket(env, ['seal', '--json']),
    auditVerify: await docket(env, ['audit', 'verify', '--json']),
  }),
  // Needs no tables.
  'verify-streams': ({ env }) => docket(env, ['verify', 'streams', '--json']),
  ask: (stores, folder) => measureAsking(stores, folder, TIMES),
  archive: measureExport,
};

async function measure(folder: string, jobs: number, parts: readonly string[]): Promise<void> {
  for (const part of parts) {
    const figures = part === 'generate' ? await generate(folder, jobs) : await measured(part, folder);
    console.log(JSON.stringify({ part, jobs, ...figures }));
  }
}

async function measured(part: string, folder: string): Promise<object> {
  // `rebuild-jobs` is the part of one projection, for a machine on which all projections together take too long.
  const one = PROJECTIONS.filter(({ name }) => part === `rebuild-${name}`);
  const measurePart = one.length > 0 ? (stores: MonthStores) => measureRebuild(stores, one) : PARTS[part];
  if (!measurePart) throw new Error(`There is no part ${part}: generate, ${Object.keys(PARTS).join(', ')}.`);
  const stores = await openStores(folder);
  try {
    return await measurePart(stores, folder);
  } finally {
    await stores.stop();
  }
}

async function generate(folder: string, jobs: number): Promise<object> {
  const script = join(ROOT, 'bench', 'month', 'fill-store.ts');
  const { stdout } = await run(process.execPath, [script, join(folder, 'event-store'), String(jobs)], {
    timeout: PART_MS_MAX,
  });
  return JSON.parse(stdout) as object;
}

/** Runs a command of `docket`; returns the seconds that it took, and its output. */
async function docket(env: MonthStores['env'], args: readonly string[]): Promise<object> {
  let said = '';
  const seconds = await secondsOf(async () => {
    const options = { timeout: PART_MS_MAX, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, ...env } };
    said = (await run(process.execPath, [join(ROOT, 'cli', 'docket.ts'), ...args], options)).stdout;
  });
  return { seconds, said: JSON.parse(said) as unknown };
}

const [folder, jobs, ...parts] = process.argv.slice(2);
const ALL = ['generate', 'read', 'rebuild', 'copy', 'verify', 'ask', 'archive'];
if (folder !== undefined) await measure(folder, Number(jobs), parts.length > 0 ? parts : ALL);
else
  for (const size of SIZES) {
    const temporary = await mkdtemp(join(tmpdir(), 'docket-month-'));
    try {
      await measure(temporary, size, ALL);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }
