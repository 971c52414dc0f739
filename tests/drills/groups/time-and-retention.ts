import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runDocket } from '../../harness/run-docket.ts';
import { startDrillHouse, type DrillHouse } from '../drill-house.ts';
import { expectThat, within } from '../claims.ts';
import type { DrillGroup } from '../drill.ts';
import { untilAllFinal, untilState } from '../job-streams.ts';
import { newOwner, request, upload } from '../people.ts';
import type { ServiceProcess } from '../service-process.ts';

const SKEWED = `--import=${join(import.meta.dirname, '..', '..', 'harness', 'skewed-clock.mjs')}`;
const HOUR_MS = 3_600_000;
const RACE_MS_MAX = 2_000;

let leaders: ServiceProcess[] = [];

async function start(): Promise<DrillHouse> {
  const house = await startDrillHouse();
  leaders = [await house.serve('keeper-1', ['processor']), await house.serve('keeper-2', ['processor'])];
  return house;
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
  await within(20_000, 'one leads, and has run once', async () => {
    const now = await leadership(house);
    return now?.holder !== null && now?.ran_at != null;
  });
  const before = (await leadership(house))!;
  const leader = leaders.find(({ name }) => before.holder?.startsWith(name))!;
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

/** One an hour ahead, one an hour behind, one that jumps back a day while it works. */
async function wrongClocks(house: DrillHouse): Promise<string> {
  await Promise.all(leaders.map((each) => each.kill()));
  const clocks = { ahead: [HOUR_MS, 0], behind: [-HOUR_MS, 0], jumping: [0, -24 * HOUR_MS] } as const;
  const skewed = await Promise.all(
    Object.entries(clocks).map(([name, [skew, jump]]) =>
      house.serve(`clock-${name}`, ['processor'], {
        env: {
          ...{ NODE_OPTIONS: SKEWED, CLOCK_SKEW_MS: String(skew) },
          ...{ CLOCK_JUMP_MS: String(jump), CLOCK_JUMP_AFTER_MS: '4000' },
        },
      }),
    ),
  );
  await house.gateway.script({
    queue: Array.from({ length: 10 }, () => ({ status: 500, body: '{}' })),
    otherwise: { delayMs: 200 },
  });
  for (let n = 0; n < 40; n += 1) await upload(house);
  await skewed[0]!.kill();
  for (let n = 0; n < 10; n += 1) await upload(house);
  await skewed[0]!.restart();
  const stories = await untilAllFinal(house, 60_000);
  const calls = await house.gateway.calls();
  await Promise.all(skewed.map((each) => each.kill()));
  await house.gateway.script({});
  await Promise.all(leaders.map((each) => each.restart()));
  const attempts = [...stories.values()].reduce(
    (sum, { events }) => sum + events.filter(({ event }) => event.type === 'ConversionStarted').length,
    0,
  );
  return `${stories.size} jobs final by clocks +1 h, -1 h and one that jumped back a day; ${calls.length} calls, ${attempts} attempts`;
}

/** Everything is overdue at once, and three cleanups run without end beside people who still use their files. */
async function racingCleanup(house: DrillHouse): Promise<string> {
  let over = false;
  let runs = 0;
  const env = { ...house.env, PDF_TTL_DAYS: '0', XML_TTL_DAYS: '0' };
  const cleaning = Array.from({ length: 2 }, async () => {
    for (; !over; runs += 1) {
      const ran = await runDocket(['cleanup', '--json'], env);
      expectThat(ran.code === 0, 'a cleanup ends well', ran.stderr.slice(0, 300));
    }
  });
  const outcomes = { whole: 0, gone: 0 };
  const one = async (): Promise<void> => {
    const owner = newOwner();
    const jobId = await upload(house, { owner });
    await untilState(house, jobId, ['ready', 'expired', 'failed'], 40_000);
    // A cleanup takes about a second to come round: some downloads are to be before it, some after, some during.
    await sleep(Math.random() * RACE_MS_MAX);
    const answer = await request(house.rest!.url, owner, `/api/jobs/${jobId}/download`);
    const body = await answer.text();
    if (answer.status === 200) outcomes.whole += 1;
    else outcomes.gone += 1;
    expectThat(
      (answer.status === 200 && body.endsWith('</Invoice>\n')) || answer.status === 404,
      'a download is whole or 404',
      { status: answer.status, body },
    );
    await request(house.rest!.url, owner, `/api/jobs/${jobId}/retry`, { method: 'POST' });
  };
  for (let round = 0; round < 5; round += 1) await Promise.all(Array.from({ length: 10 }, one));
  over = true;
  await Promise.all(cleaning);
  return `50 jobs beside ${runs} cleanups: ${outcomes.whole} downloads whole, ${outcomes.gone} told 404`;
}

export const timeAndRetention: DrillGroup = {
  name: 'time-and-retention',
  start,
  drills: [
    { id: 'D13', title: 'kill -9 of the leader of retention', run: killedLeader },
    { id: 'D36', title: 'cleanup racing upload, conversion, retry and download', run: racingCleanup },
    { id: 'D28', title: 'clocks: an hour ahead, an hour behind, a day back', run: wrongClocks },
  ],
};
