/** One try of a condition: its folders, the programs that are started in them, and the search for leftovers. */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../cli/up/free-port.ts';
import { copyInstalled, freshCheckout } from './checkout.ts';
import type { Condition, Machine } from './condition.ts';
import { leftovers, processesIn } from './leftovers.ts';
import { startNpm, type Started } from './start.ts';
import type { ToolBox } from './tools.ts';
import { NotTried } from './not-tried.ts';

/** Programs that were asked to end need a moment. */
const GONE_MS_MAX = 5_000;

export interface Tried {
  readonly condition: Condition;
  readonly result: 'ok' | 'FAILED' | 'not tried';
  readonly seconds: number;
  readonly why: string;
}

/** The parts that all tries of one run share. */
export interface Bench {
  readonly folder: string;
  readonly toolBox: ToolBox;
  /** The one installed checkout, made when it is first asked for. */
  installed(): Promise<string>;
  /** One cache of npm for all tries; null: each begins with an empty one. */
  readonly sharedCache: string | null;
}

/** Tries one condition. After any result, no program of the try still runs. */
export async function tryCondition(condition: Condition, bench: Bench): Promise<Tried> {
  const startedAt = performance.now();
  const folder = join(bench.folder, condition.id.replaceAll(/[^\w.-]/g, '_'));
  await mkdir(folder, { recursive: true });
  // A user without rights must reach what is in it.
  await chmod(folder, 0o755);
  const machine = await openMachine(folder, bench);
  const tried = (result: Tried['result'], why = ''): Tried => ({
    condition,
    result,
    why,
    seconds: Math.round((performance.now() - startedAt) / 1_000),
  });
  try {
    await condition.run(machine);
    const left = await untilGone(machine, bench);
    return left.length === 0 ? tried('ok') : tried('FAILED', `left behind: ${left.join('; ')}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return error instanceof NotTried ? tried('not tried', why) : tried('FAILED', why);
  } finally {
    for (const { pid } of processesIn([folder, join(bench.folder, 'installed')])) end(pid);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function openMachine(folder: string, bench: Bench): Promise<Machine> {
  const port = await freePort();
  const dataDir = join(folder, 'data');
  const cache = bench.sharedCache ?? join(folder, 'cache');
  return {
    folder,
    dataDir,
    port,
    freshCheckout: (name = 'docket') => freshCheckout(join(folder, name)),
    installedCheckout: () => bench.installed(),
    installedCopy: async (name) => copyInstalled(await bench.installed(), join(folder, name)),
    start: (start): Promise<Started> => startNpm(start, { folder, dataDir, port, cache }, bench.toolBox),
  };
}

async function untilGone(machine: Machine, bench: Bench): Promise<string[]> {
  const folders = [machine.folder, join(bench.folder, 'installed')];
  for (const last = performance.now() + GONE_MS_MAX; ; await sleep(100)) {
    const left = await leftovers({ folders, dataDir: machine.dataDir, port: machine.port });
    if (left.length === 0 || performance.now() > last) return left;
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process ended by itself.
  }
}
