/**
 * Runs groups of drills as it is told over IPC (`lane.ts`), each in an installation of its own, and tells each result as its
 * drill ends. Without its parent it takes its installation down and ends.
 */
import type { Drill, DrillGroup, DrillResult } from './drill.ts';
import type { DrillInstallation } from './drill-installation.ts';
import { brokenInvariants } from './invariants.ts';
import type { LaneOrder, LaneWord } from './lane.ts';
import { GROUPS } from './matrix.ts';
import { inPatience } from '../harness/machine-time.ts';

const DRILL_MS_MAX = 120_000;

// Also while it is being built there is something to take down: a Postgres outlives its parent.
let building: Promise<DrillInstallation> | null = null;
let installation: DrillInstallation | null = null;
const leave = async (code: number): Promise<never> => {
  await stopInstallation();
  process.exit(code);
};
async function stopInstallation(): Promise<void> {
  await building?.then((built) => built.stop()).catch(() => undefined);
  building = null;
  installation = null;
}
process.on('SIGTERM', () => void leave(1));
process.on('disconnect', () => void leave(0));
// The client of the event store can reject outside any call when the store is killed under it.
process.on('unhandledRejection', () => undefined);
process.on('message', (order: LaneOrder) => void runGroup(order));

const tell = (word: LaneWord): void => void process.send?.(word);

async function runGroup({ group: name, ids }: LaneOrder): Promise<void> {
  const group = GROUPS.find((known) => known.name === name)!;
  for (const drill of group.drills) {
    if (!ids.includes(drill.id)) continue;
    const result = await runDrill(group, drill);
    tell({ result });
    // An installation that was left broken says nothing about the drills after it: they get a fresh one.
    if (result.outcome === 'FAILED') await stopInstallation();
  }
  await stopInstallation();
  tell({ result: null });
}

async function runDrill({ name: inGroup, start }: DrillGroup, drill: Drill): Promise<DrillResult> {
  const { id, title } = drill;
  const startedAt = performance.now();
  const outcome = (kind: DrillResult['outcome'], note: string): DrillResult => {
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    return { id, title, group: inGroup, outcome: kind, seconds, note };
  };
  const reason = drill.cannot?.() ?? null;
  if (reason !== null) return outcome('SKIP', reason);
  try {
    building ??= start();
    installation = await building;
    const note = await inTime(drill.run(installation), drill.msMax);
    const broken = await inTime(brokenInvariants(installation));
    return broken.length > 0 ? outcome('FAILED', broken.join('; ')) : outcome('ok', note);
  } catch (error) {
    return outcome(
      'FAILED',
      `${error instanceof Error ? error.message : String(error)}${wordsOf(installation)}`,
    );
  }
}

function wordsOf(of: DrillInstallation | null): string {
  if (process.env['DRILL_WORDS'] !== '1' || of === null) return '';
  return of
    .processes()
    .map((each) => `\n--- ${each.name}: ${each.lastWords()}`)
    .join('');
}

function inTime<T>(work: Promise<T>, msMax = DRILL_MS_MAX): Promise<T> {
  return inPatience(work, msMax, () => new Error(`it did not end within ${msMax / 1000} s`));
}
