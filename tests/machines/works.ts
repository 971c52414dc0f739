/** The two allowed results of a start: it works, or it ends with one sentence that names the cause. */
import { demand, type Machine } from './condition.ts';
import type { Start, Started } from './start.ts';
import { readyAddresses, useAddress } from './use.ts';

/** An impossible start must end with its reason within this time. */
const REFUSED_MS_MAX = 90_000;

/** A start that works: ready, used at each printed address, stopped by TERM. @returns the printed lines */
export async function works(machine: Machine, start: Start): Promise<string> {
  const started = await machine.start(start);
  for (const address of await readyAddresses(started)) await useAddress(address);
  await started.stop();
  return output(started);
}

/** A start that ends by itself, not with 0, after one sentence that holds `cause` and no stack of Docket. */
export async function isRefused(machine: Machine, start: Start, cause: RegExp): Promise<void> {
  const started = await machine.start(start);
  const outcome = await Promise.race([started.end(REFUSED_MS_MAX), ready(started)]);
  demand(outcome !== 'ready', 'it says that it is ready');
  demand(outcome.code !== 0, 'it ended with 0');
  refusedInWords(started, cause);
}

/**
 * Either of the two: such a machine may be good enough for one Docket and not for the next. Ready is also one that
 * refuses uploads for want of room and says so at the terminal.
 */
export async function worksOrIsRefused(machine: Machine, start: Start, cause: RegExp): Promise<void> {
  const started = await machine.start(start);
  const outcome = await Promise.race([started.end(), ready(started)]);
  if (outcome !== 'ready') return refusedInWords(started, cause);
  try {
    for (const address of await readyAddresses(started)) await useAddress(address);
  } catch (error) {
    if (!/^upload at .*: 507 .*STORAGE_FULL/.test((error as Error).message)) throw error;
    refusedInWords(started, cause);
  }
  await started.stop();
}

export const output = (started: Started): string => `${started.stdout()}\n${started.stderr()}`;

async function ready(started: Started): Promise<'ready'> {
  await started.says(/Docket is ready:/).catch(() => new Promise(() => undefined));
  return 'ready';
}

function refusedInWords(started: Started, cause: RegExp): void {
  const said = output(started);
  demand(!/^ {4}at /m.test(said), `it ends with a stack: ${lastOf(said)}`);
  const sentences = said.split('\n').filter((line) => /^(Docket: | +- )/.test(line));
  demand(
    sentences.some((line) => cause.test(line)),
    `it does not name the cause: ${lastOf(said)}`,
  );
}

const lastOf = (said: string): string =>
  said
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^npm (error|ERR)/.test(line))
    .slice(-2)
    .join(' / ')
    .slice(0, 300);
