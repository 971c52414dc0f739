import { setTimeout as sleep } from 'node:timers/promises';
import { startFaultProxy } from '../../harness/fault-proxy.ts';
import { stretched } from '../../harness/machine-time.ts';
import type { DrillInstallation } from '../drill-installation.ts';
import { expectThat, within } from '../claims.ts';
import type { Drill } from '../drill.ts';
import { historyOf, untilAllFinal, untilState } from '../job-streams.ts';
import { newOwner, request, tryUpload, upload, type Uploaded } from '../people.ts';

interface Steady {
  readonly refused: readonly Uploaded[];
  /** Uploads whose connection ended without an answer. */
  readonly unanswered: readonly Error[];
  readonly taken: number;
}

/** Uploads at a steady rate. A refused upload is sent again with its key, as a client does. */
function steadyUploads(installation: DrillInstallation): { stop(): Promise<Steady> } {
  let over = false;
  const refused: Uploaded[] = [];
  const unanswered: Error[] = [];
  let taken = 0;
  const one = async (): Promise<void> => {
    await upload(installation, {}, (answer) =>
      answer instanceof Error ? unanswered.push(answer) : refused.push(answer),
    );
    taken += 1;
  };
  const running = (async () => {
    const all: Promise<void>[] = [];
    for (; !over; await sleep(100)) all.push(one());
    await Promise.all(all);
  })();
  return {
    stop: async () => {
      over = true;
      await running;
      return { refused, unanswered, taken };
    },
  };
}

async function eventStoreRestarts(installation: DrillInstallation): Promise<string> {
  const told: string[] = [];
  for (const [how, signal, downMs] of [
    ['SIGTERM', 'SIGTERM', 0],
    ['kill -9', 'SIGKILL', 0],
    ['down 3 s', 'SIGKILL', 3_000],
  ] as const) {
    const uploads = steadyUploads(installation);
    await sleep(500);
    await installation.eventStore.kill(signal);
    await sleep(downMs);
    await installation.eventStore.restart();
    const backAt = performance.now();
    await sleep(500);
    const { refused, unanswered, taken } = await uploads.stop();
    expectThat(unanswered.length === 0, 'every upload was answered', String(unanswered[0]?.cause));
    expectThat(
      refused.every(({ status, retryAfter }) => status === 503 && retryAfter !== null),
      'what was refused was 503 with Retry-After',
      refused.filter(({ status, retryAfter }) => status !== 503 || retryAfter === null).slice(0, 2),
    );
    await untilAllFinal(installation, 40_000);
    await within(10_000, 'services are ready again', async () => {
      const ready = await Promise.all(
        [installation.rest!.health, installation.processor!.health].map((at) => fetch(`${at}/ready`)),
      );
      return ready.every(({ ok }) => ok);
    });
    told.push(
      `${how}: ${taken} taken, ${refused.length} told 503, settled in ${((performance.now() - backAt) / 1000).toFixed(1)} s`,
    );
  }
  return told.join('; ');
}

/** The store is slow, and then does not answer: appends get no answer, so the same events are appended again. */
async function lostReplies(installation: DrillInstallation): Promise<string> {
  installation.toEventStore.fault.delayMs = 400;
  const slow = await Promise.all(
    Array.from({ length: 5 }, () => tryUpload(installation, { timeoutMs: 30_000 })),
  );
  installation.toEventStore.fault.delayMs = 0;
  const uploads = steadyUploads(installation);
  for (let round = 0; round < 3; round += 1) {
    await sleep(300);
    installation.toEventStore.fault.dropReplies = true;
    await sleep(500);
    installation.toEventStore.cut();
    installation.toEventStore.fault.dropReplies = false;
  }
  await sleep(500);
  const { refused, taken } = await uploads.stop();
  const stories = await untilAllFinal(installation, 60_000);
  for (const { jobId, events } of stories.values()) {
    const created = events.filter(({ event }) => event.type === 'DocumentUploaded').length;
    expectThat(created === 1, `job ${jobId} was uploaded once`, created);
  }
  return `appends slowed by 0.4 s a chunk: ${slow.filter(({ jobId }) => jobId).length} of 5 taken; answers lost three times: ${taken} taken, ${refused.length} told 503 and repeated, none twice`;
}

async function postgresKilled(installation: DrillInstallation): Promise<string> {
  const owner = newOwner();
  const before = await upload(installation, { owner });
  await untilState(installation, before, ['ready']);
  await installation.postgres.kill();
  const during = await Promise.all(Array.from({ length: 5 }, () => upload(installation, { owner })));
  const listed = await request(installation.rest!.url, owner, '/api/jobs');
  expectThat(
    listed.status === 503 && listed.headers.has('retry-after'),
    'the list says 503 with Retry-After',
    listed.status,
  );
  const download = await request(installation.rest!.url, owner, `/api/jobs/${before}/download`);
  expectThat(download.ok, 'a download needs the log and the file alone', download.status);
  await download.arrayBuffer();
  await installation.postgres.restart();
  const backAt = performance.now();
  for (const jobId of during) await untilState(installation, jobId, ['ready'], { withinMs: 30_000 });
  await within(
    20_000,
    'the list answers again',
    async () => (await request(installation.rest!.url, owner, '/api/jobs')).ok,
  );
  return `5 uploads taken while Postgres was away, list 503, download served; all ready ${((performance.now() - backAt) / 1000).toFixed(1)} s after it was back`;
}

async function postgresSilent(installation: DrillInstallation): Promise<string> {
  installation.toPostgres.fault.silent = true;
  const owner = newOwner();
  const askedAt = performance.now();
  const listing = request(installation.rest!.url, owner, '/api/jobs').then((answer) => ({
    status: answer.status,
    tookMs: performance.now() - askedAt,
  }));
  const health: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    const at = performance.now();
    await (await fetch(`${installation.rest!.health}/health`)).arrayBuffer();
    health.push(performance.now() - at);
    await sleep(50);
  }
  const answered = await listing;
  expectThat(
    answered.status === 503 && answered.tookMs < stretched(10_000),
    'queries fail within 10 s',
    answered,
  );
  await within(
    10_000,
    'readiness says no',
    async () => !(await fetch(`${installation.rest!.health}/ready`)).ok,
  );
  installation.toPostgres.fault.silent = false;
  installation.toPostgres.cut();
  await within(20_000, 'and yes again', async () => (await fetch(`${installation.rest!.health}/ready`)).ok);
  const median = health.toSorted((a, b) => a - b)[10] ?? 0;
  expectThat(median < stretched(100), '/health answers within 100 ms', health);
  return `/health median ${median.toFixed(0)} ms, list 503 after ${(answered.tookMs / 1000).toFixed(1)} s`;
}

/** One processor is cut off from the event store alone; its lease ends, another takes the job, and it comes back. */
async function partitionedWorker(installation: DrillInstallation): Promise<string> {
  await installation.processor!.kill();
  const own = await startFaultProxy(installation.eventStore.port);
  const cutOff = await installation.serve(`cut-off-${own.port}`, ['processor'], {
    env: { EVENTSTORE_URL: `esdb://127.0.0.1:${own.port}?tls=false` },
  });
  await installation.gateway.script({ queue: [{ delayMs: 1_200 }] });
  const jobId = await upload(installation);
  await within(10_000, 'the gateway was asked', async () =>
    (await installation.gateway.calls()).some((call) => call.jobId === jobId),
  );
  own.fault.silent = true;
  await installation.processor!.restart();
  await untilState(installation, jobId, ['ready'], { withinMs: 30_000 });
  own.fault.silent = false;
  own.cut();
  await sleep(1_500);
  const history = await historyOf(installation, jobId);
  expectThat(history.filter((type) => type === 'ConversionSucceeded').length === 1, 'one success', history);
  expectThat(
    history.some((type) => type.startsWith('AttemptAbandoned')),
    'the lost lease is on the record',
    history,
  );
  await cutOff.ready();
  await cutOff.kill();
  await own.stop();
  return history.slice(2).join(', ');
}

/** Stops of two processors that are converting, of one for longer than its silence is borne, and of the API for 2 s. */
async function stalls(installation: DrillInstallation): Promise<string> {
  const second = await installation.serve(`second-${performance.now().toFixed(0)}`, ['processor']);
  const all = [installation.processor!, installation.rest!, second];
  const stopMs = (4 / 3) * Number(installation.env['PROCESSOR_SILENT_MS']);
  await installation.gateway.script({ otherwise: { delayMs: 300 } });
  const uploads = steadyUploads(installation);
  for (let round = 0; round < 3; round += 1) {
    installation.processor!.signal('SIGSTOP');
    await sleep(stopMs - 2_000);
    for (const each of [installation.rest!, second]) {
      each.signal('SIGSTOP');
      await sleep(1_000);
    }
    for (const each of all) each.signal('SIGCONT');
    await sleep(700);
  }
  const { refused, unanswered, taken } = await uploads.stop();
  await installation.gateway.script({});
  const stories = await untilAllFinal(installation, 60_000);
  await within(10_000, 'everybody is ready again', async () => {
    const answers = await Promise.all(all.map(({ health }) => fetch(`${health}/ready`)));
    return answers.every(({ ok }) => ok);
  });
  await second.kill();
  const abandoned = [...stories.values()].filter(({ events }) =>
    events.some(({ event }) => event.type === 'AttemptAbandoned'),
  ).length;
  return `${taken} uploads through nine stops, ${refused.length} told 503, ${unanswered.length} unanswered and repeated; ${abandoned} jobs lost a lease and ended right`;
}

/** Both drills are for an installation with a processor. */
export const eventStoreDrills: readonly Drill[] = [
  { id: 'D19', title: 'event store: SIGTERM, kill -9, down 3 s, under load', run: eventStoreRestarts },
  { id: 'D20', title: 'event store slow; appends done and their answers lost', run: lostReplies },
  { id: 'D44', title: 'stalls (SIGSTOP) of API and processors', run: stalls },
];

export const postgresDrills: readonly Drill[] = [
  { id: 'D22', title: 'kill -9 of Postgres', run: postgresKilled },
  { id: 'D23', title: 'Postgres partitioned (by proxy)', run: postgresSilent },
  { id: 'D24', title: 'partition between a processor and the event store', run: partitionedWorker },
];
