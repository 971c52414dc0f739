import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stretched } from '../../harness/machine-time.ts';
import { runDocket } from '../../harness/run-docket.ts';
import type { DrillHouse } from '../drill-house.ts';
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

/** The processor of the house and a second one, of which one leads retention. */
async function keepers(house: DrillHouse): Promise<ServiceProcess[]> {
  const name = 'keeper';
  const known = house.processes().find((each) => each.name === name);
  return [house.processor!, known ?? (await house.serve(name, ['processor']))];
}

interface Leadership {
  readonly holder: string | null;
  readonly epoch: string;
  readonly ran_at: Date | null;
}

async function leadership(house: DrillHouse): Promise<Leadership | undefined> {
  return (await house.store.query<Leadership>('select holder, epoch, ran_at from processor.retention'))
    .rows[0];
}

async function killedLeader(house: DrillHouse): Promise<string> {
  const leaders = await keepers(house);
  const leaderOf = (now: Leadership | undefined): ServiceProcess | undefined =>
    leaders.find(({ name }) => now?.holder?.startsWith(`${name}.`));
  // The right may still be that of a processor which an earlier drill killed.
  await within(20_000, 'one of the two leads, and retention has run once', async () => {
    const now = await leadership(house);
    return leaderOf(now) !== undefined && now?.ran_at != null;
  });
  const before = (await leadership(house))!;
  const leader = leaderOf(before)!;
  await leader.kill();
  const tookMs = await within(15_000, 'another leads within 15 s', async () => {
    const now = await leadership(house);
    return now?.holder !== before.holder && now?.holder !== null;
  });
  const after = (await leadership(house))!;
  expectThat(BigInt(after.epoch) > BigInt(before.epoch), 'under a new epoch (I10)', after);
  await sleep(1_000);
  const later = (await leadership(house))!;
  expectThat(later.ran_at?.getTime() === before.ran_at?.getTime(), "and today's run is not run again", later);
  await leader.restart();
  return `taken over after ${(tookMs / 1000).toFixed(1)} s, epoch ${before.epoch} -> ${after.epoch}, no second run`;
}

/** One an hour ahead, one an hour behind, one that jumps back a day while it works; then one ten times too fast. */
async function wrongClocks(house: DrillHouse): Promise<string> {
  await Promise.all((await keepers(house)).map((each) => each.kill()));
  const clocks = { ahead: [HOUR_MS, 0], behind: [-HOUR_MS, 0], jumping: [0, -24 * HOUR_MS] } as const;
  const skewed = await Promise.all(
    Object.entries(clocks).map(([name, [skew, jump]]) =>
      house.serve(`clock-${name}`, ['processor'], {
        env: {
          NODE_OPTIONS: SKEWED,
          CLOCK_SKEW_MS: String(skew),
          CLOCK_JUMP_MS: String(jump),
          CLOCK_JUMP_AFTER_MS: '4000',
        },
      }),
    ),
  );
  await house.gateway.script({
    queue: Array.from({ length: 10 }, () => ({ status: 500, body: '{}' })),
    otherwise: { delayMs: 200 },
  });
  const before = (await house.gateway.calls()).length;
  const jobs: string[] = [];
  const uploadMany = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) jobs.push(await upload(house));
  };
  await uploadMany(30);
  await skewed[0]!.kill();
  await uploadMany(10);
  await skewed[0]!.restart({ CLOCK_SKEW_MS: '0', CLOCK_SPEED: '10' });
  await uploadMany(10);
  const stories = await untilAllFinal(house, 60_000);
  const calls = (await house.gateway.calls()).length - before;
  await Promise.all(skewed.map((each) => each.kill()));
  await house.gateway.script({});
  await house.processor!.restart();
  const attempts = jobs
    .flatMap((jobId) => stories.get(jobId)?.events ?? [])
    .filter(({ event }) => event.type === 'ConversionStarted').length;
  return `${jobs.length} jobs final by clocks +1 h, -1 h, one that jumped back a day and one ten times too fast; ${calls} calls, ${attempts} attempts`;
}

/** Everything is overdue at once, and three cleanups run without end beside people who still use their files. */
async function racingCleanup(house: DrillHouse): Promise<string> {
  let over = false;
  let runs = 0;
  // That the log is late on a busy machine is another drill.
  const env = { ...house.env, PDF_TTL_DAYS: '0', XML_TTL_DAYS: '0', EVENTSTORE_TIMEOUT_MS: '20000' };
  const cleaning = Array.from({ length: 2 }, async () => {
    for (; !over; runs += 1) {
      const ran = await runDocket(['cleanup', '--json'], env, stretched(COMMAND_MS_MAX), docketProgram());
      expectThat(ran.code === 0, 'a cleanup ends well', ran.stderr.slice(0, 300));
    }
  });
  const outcomes = { whole: 0, gone: 0 };
  const one = async (): Promise<void> => {
    const owner = newOwner();
    const jobId = await upload(house, { owner });
    const { state } = await untilState(house, jobId, ['ready', 'expired', 'failed'], {
      withinMs: 40_000,
      everyMs: LOOK_EVERY_MS,
    });
    // A cleanup takes about a second to come round: some downloads are to be before it, some after, some during.
    await sleep(Math.random() * RACE_MS_MAX);
    const answer = await request(house.rest!.url, owner, `/api/jobs/${jobId}/download`);
    const body = await answer.text();
    // A cleanup or a busy machine can make a job fail; that is said too.
    const isTold = answer.status === 404 || (answer.status === 409 && state === 'failed');
    if (answer.status === 200) outcomes.whole += 1;
    else outcomes.gone += 1;
    expectThat(
      (answer.status === 200 && body.endsWith('</Invoice>\n')) || isTold,
      'a download is whole, or told why there is none',
      { status: answer.status, body },
    );
    await request(house.rest!.url, owner, `/api/jobs/${jobId}/retry`, { method: 'POST' });
  };
  for (let round = 0; round < 2; round += 1) await Promise.all(Array.from({ length: 25 }, one));
  over = true;
  await Promise.all(cleaning);
  return `50 jobs beside ${runs} cleanups: ${outcomes.whole} downloads whole, ${outcomes.gone} told 404`;
}

/** For a house with a processor; the last one leaves the second of them dead. */
export const timeAndRetention: readonly Drill[] = [
  { id: 'D13', title: 'kill -9 of the leader of retention', run: killedLeader },
  { id: 'D36', title: 'cleanup racing upload, conversion, retry and download', run: racingCleanup },
  {
    id: 'D28',
    title: 'clocks: an hour ahead, an hour behind, a day back, ten times too fast',
    run: wrongClocks,
  },
];
