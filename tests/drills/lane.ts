import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { DrillGroup, DrillResult } from './drill.ts';
import { inPatience } from '../harness/machine-time.ts';

const LANE_PROCESS = join(import.meta.dirname, 'lane-process.ts');
const GROUP_MS_MAX = 460_000;

/** A message to a lane: run these drills of a group. */
export interface LaneOrder {
  readonly group: string;
  readonly ids: readonly string[];
}

/** A message from a lane: a result, or null when the group is over and its installation is gone. */
export interface LaneWord {
  readonly result: DrillResult | null;
}

/** A process that runs one group of drills after the other. */
export interface Lane {
  /** Returns a result for every drill of the group, even if the process ended earlier. */
  run(group: DrillGroup): Promise<DrillResult[]>;
  close(): Promise<void>;
}

/**
 * Lanes are separate processes, because the outage of one installation must not fail the appends of another
 * installation's client. Within a lane, one installation is gone before the next is built.
 */
export function openLane(onResult: (result: DrillResult) => void): Lane {
  let child: ChildProcess | null = null;
  let ended: Promise<unknown> = Promise.resolve();

  function begin(): ChildProcess {
    const started = spawn(process.execPath, [LANE_PROCESS], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    ended = new Promise((resolve) => started.once('exit', resolve)).then(() => (child = null));
    return started;
  }

  async function run({ name, drills }: DrillGroup): Promise<DrillResult[]> {
    const running = (child ??= begin());
    const results: DrillResult[] = [];
    const over = new Promise<void>((resolve) => {
      running.on('message', function listen({ result }: LaneWord) {
        if (result !== null) {
          results.push(result);
          return onResult(result);
        }
        running.off('message', listen);
        resolve();
      });
    });
    running.send({ group: name, ids: drills.map(({ id }) => id) } satisfies LaneOrder);
    const late = (): Error => new Error(`${name} did not end`);
    await inPatience(Promise.race([over, ended]), GROUP_MS_MAX, late).catch(() => {
      running.kill('SIGTERM');
      return ended;
    });
    // Processes that a failed drill left must not disturb the next installation.
    if (results.some(({ outcome }) => outcome === 'FAILED')) await close();
    const missing = drills.filter(({ id }) => !results.some((result) => result.id === id));
    return [...results, ...missing.map(({ id, title }) => lost(name, id, title))];
  }

  async function close(): Promise<void> {
    if (child?.connected === true) child.disconnect();
    await ended;
  }
  return { run, close };
}

function lost(group: string, id: string, title: string): DrillResult {
  return { id, title, group, outcome: 'FAILED', seconds: 0, note: 'its process ended first' };
}
