import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stretched } from '../../harness/machine-time.ts';
import { runDocket } from '../../harness/run-docket.ts';
import type { DrillInstallation } from '../drill-installation.ts';
import { expectThat, within } from '../claims.ts';
import type { Drill } from '../drill.ts';
import { untilAllFinal, untilState } from '../job-streams.ts';
import { newOwner, request, upload } from '../people.ts';
import { docketProgram } from '../quick-start.ts';
import type { ServiceProcess } from '../service-process.ts';

const SKEWED = `--import=${join(import.meta.dirname, '..', '..', 'harness', 'skewed-clock.mjs')}`;
const HOUR_MS = 3_600_000;
const RACE_MS_MAX = 2_000;
const COMMAND_MS_MAX = 60_000;
/** Twenty-five people look at once; more often would be a load of its own. */
const LOOK_EVERY_MS = 250;

/** The processor of the installation and a second one, of which one leads retention. */
async function retentionProcesses(installation: DrillInstallation): Promise<ServiceProcess[]> {
  const name = 'second-processor';
  const known = installation.processes().find((each) => each.name === name);
  return [installation.processor!, known ?? (await installation.serve(name, ['processor']))];
}

interface Leadership {
  readonly holder: string | null;
  readonly epoch: string;
  readonly ran_at: Date | null;
}

async function leadership(installation: DrillInstallation): Promise<Leadership | undefined> {
  return (await installation.store.query<Leadership>('select holder, epoch, ran_at from processor.retention'))
    .rows[0];
}

async function killedLeader(installation: DrillInstallation): Promise<string> {
  const leaders = await retentionProcesses(installation);
  const leaderOf = (now: Leadership | undefined): ServiceProcess | undefined =>
    leaders.find(({ name }) => now?.holder?.startsWith(`${name}.`));
  // The right may still be that of a processor which an earlier drill killed.
  await within(20_000, 'one of the two leads, and retention has run once', async () => {
    const now = await leadership(installation);
    return leaderOf(now) !== undefined && now?.ran_at != null;
  });
  const before = (await leadership(installation))!;
  const leader = leaderOf(before)!;
  await leader.kill();
  const tookMs = await within(15_000, 'another leads within 15 s', async () => {
    const now = await leadership(installation);
    return now?.holder !== before.holder && now?.holder !== null;
  });
  const after = (await leadership(installation))!;
  expectThat(BigInt(after.epoch) > BigInt(before.epoch), 'under a new epoch (I10)', after);
  await sleep(1_000);
  const later = (await leadership(installation))!;
  expectThat(later.ran_at?.getTime() === before.ran_at?.getTime(), "and today's run is not run again", later);
  await leader.restart();
  return `taken over after ${(tookMs / 1000).toFixed(1)} s, epoch ${before.epoch} -> ${after.epoch}, no second run`;
}

/** One an hour ahead, one an hour behind, one that jumps back a day while it works; then one ten times too fast. */
async function wrongClocks(installation: DrillInstallation): Promise<string> {
  await Promise.all((await retentionProcesses(installation)).map((each) => each.kill()));
  const clocks = { ahead: [HOUR_MS, 0], behind: [-HOUR_MS, 0], jumping: [0, -24 * HOUR_MS] } as const;
  const skewed = await Promise.all(
    Object.entries(clocks).map(([name, [skew, jump]]) =>
      installation.serve(`clock-${name}`, ['processor'], {
        env: {
          NODE_OPTIONS: SKEWED,
          CLOCK_SKEW_MS: String(skew),
          CLOCK_JUMP_MS: String(jump),
          CLOCK_JUMP_AFTER_MS: '4000',
        },
      }),
    ),
  );
  await installation.gateway.script({
    queue: Array.from({ length: 10 }, () => ({ status: 500, body: '{}' })),
    otherwise: { delayMs: 200 },
  });
  const before = (await installation.gateway.calls()).length;
  const jobs: string[] = [];
  const uploadMany = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) jobs.push(await upload(installation));
  };
  await uploadMany(30);
  await skewed[0]!.kill();
  await uploadMany(10);
  await skewed[0]!.restart({ CLOCK_SKEW_MS: '0', CLOCK_SPEED: '10' });
  await uploadMany(10);
  const stories = await untilAllFinal(installation, 60_000);
  const calls = (await installation.gateway.calls()).length - before;
  await Promise.all(skewed.map((each) => each.kill()));
  await installation.gateway.script({});
  await installation.processor!.restart();
  const attempts = jobs
    .flatMap((jobId) => stories.get(jobId)?.events ?? [])
    .filter(({ event }) => event.type === 'ConversionStarted').length;
  return `${jobs.length} jobs final by clocks +1 h, -1 h, one that jumped back a day and one ten times too fast; ${calls} calls, ${attempts} attempts`;
}

/** All files are overdue, and three cleanups run without end while people still use their files. */
async function racingCleanup(installation: DrillInstallation): Promise<string> {
  let over = false;
  let runs = 0;
  // A late log on a busy machine is the subject of another drill.
  const env = { ...installation.env, PDF_TTL_DAYS: '0', XML_TTL_DAYS: '0', EVENTSTORE_TIMEOUT_MS: '20000' };
  const cleaning = Array.from({ length: 2 }, async () => {
    for (; !over; runs += 1) {
      const ran = await runDocket(['cleanup', '--json'], env, stretched(COMMAND_MS_MAX), docketProgram());
      expectThat(ran.code === 0, 'a cleanup ends well', ran.stderr.slice(0, 300));
    }
  });
  const outcomes = { whole: 0, gone: 0 };
  const one = async (): Promise<void> => {
    const owner = newOwner();
    const jobId = await upload(installation, { owner });
    const { state } = await untilState(installation, jobId, ['ready', 'expired', 'failed'], {
      withinMs: 40_000,
      everyMs: LOOK_EVERY_MS,
    });
    // A cleanup takes about a second to come round: some downloads are to be before it, some after, some during.
    await sleep(Math.random() * RACE_MS_MAX);
    const answer = await request(installation.rest!.url, owner, `/api/jobs/${jobId}/download`);
    const body = await answer.text();
    // A cleanup or a busy machine can make a job fail, and the job must say so.
    const isTold = answer.status === 404 || (answer.status === 409 && state === 'failed');
    if (answer.status === 200) outcomes.whole += 1;
    else outcomes.gone += 1;
    expectThat(
      (answer.status === 200 && body.endsWith('</Invoice>\n')) || isTold,
      'a download is whole, or told why there is none',
      { status: answer.status, body },
    );
    await request(installation.rest!.url, owner, `/api/jobs/${jobId}/retry`, { method: 'POST' });
  };
  for (let round = 0; round < 2; round += 1) await Promise.all(Array.from({ length: 25 }, one));
  over = true;
  await Promise.all(cleaning);
  return `50 jobs beside ${runs} cleanups: ${outcomes.whole} downloads whole, ${outcomes.gone} told 404`;
}

/** For an installation with a processor; the last one leaves the second of them dead. */
export const timeAndRetention: readonly Drill[] = [
  { id: 'D13', title: 'kill -9 of the leader of retention', run: killedLeader },
  { id: 'D36', title: 'cleanup racing upload, conversion, retry and download', run: racingCleanup },
  {
    id: 'D28',
    title: 'clocks: an hour ahead, an hour behind, a day back, ten times too fast',
    run: wrongClocks,
  },
];
