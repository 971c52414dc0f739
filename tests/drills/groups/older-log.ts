import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestEventStore } from '../../harness/event-store.ts';
import { neverHeardOf, poisonStreams } from '../../harness/poison.ts';
import { jobIdOfStream } from '../../../schemas/events/streams.ts';
import { expectThat, within } from '../claims.ts';
import type { DrillGroup } from '../drill.ts';
import { startDrillInstallation, type DrillInstallation } from '../drill-installation.ts';
import { untilState } from '../job-streams.ts';
import { anyPdf, newOwner, request, tryUpload, upload } from '../people.ts';

const SETTLE_MS_MAX = 40_000;
/** Pause between two uploads while the tables are built again. */
const MEANWHILE_EVERY_MS = 50;

interface Listed {
  readonly jobs: readonly { readonly jobId: string; readonly state: string }[];
}

/** Returns the list of an owner, or null while it is refused. Only the statuses 200 and 503 are allowed. */
async function listOf(installation: DrillInstallation, owner: string): Promise<Map<string, string> | null> {
  const answer = await request(installation.rest!.url, owner, '/api/jobs?limit=100');
  expectThat([200, 503].includes(answer.status), 'the list answers 200 or 503', answer.status);
  const body = (await answer.json()) as Listed;
  return answer.status === 200 ? new Map(body.jobs.map(({ jobId, state }) => [jobId, state])) : null;
}

async function untilListed(
  installation: DrillInstallation,
  owner: string,
  jobIds: readonly string[],
  claim: string,
): Promise<void> {
  await within(SETTLE_MS_MAX, claim, async () => {
    const listed = await listOf(installation, owner);
    return (
      listed !== null &&
      listed.size === jobIds.length &&
      jobIds.every((jobId) => listed.get(jobId) === 'ready')
    );
  });
}

/** Copies the log as it is now, with the event store stopped meanwhile. */
async function copyLog(
  installation: DrillInstallation,
): Promise<{ readonly copy: string; forget: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'docket-drill-older-'));
  await installation.eventStore.kill('SIGTERM');
  await cp(installation.eventStore.directory, join(folder, 'copy'), { recursive: true });
  await installation.eventStore.restart();
  return { copy: join(folder, 'copy'), forget: () => rm(folder, { recursive: true, force: true }) };
}

async function uploads(
  installation: DrillInstallation,
  owner: string,
  documents: readonly Uint8Array[],
): Promise<string[]> {
  const jobIds: string[] = [];
  for (const bytes of documents) jobIds.push(await upload(installation, { owner, bytes }));
  for (const jobId of jobIds) await untilState(installation, jobId, ['ready'], { withinMs: SETTLE_MS_MAX });
  return jobIds;
}

const documents = (count: number): Buffer[] => Array.from({ length: count }, () => anyPdf());

async function untilReady(installation: DrillInstallation): Promise<void> {
  await within(SETTLE_MS_MAX, 'every service is ready', async () => {
    const answers = await Promise.all(
      [installation.rest!, installation.processor!].map(({ health }) => fetch(`${health}/ready`)),
    );
    return answers.every(({ ok }) => ok);
  });
}

/** Uploads of one owner, one after the other, while the tables are built again. */
function uploadMeanwhile(installation: DrillInstallation) {
  const owner = newOwner();
  const taken: string[] = [];
  let refused = 0;
  let isOver = false;
  const uploading = (async () => {
    while (!isOver) {
      // A starting service gives no answer, and has accepted nothing.
      const answer = await tryUpload(installation, { owner }).catch(() => null);
      if (answer?.jobId) taken.push(answer.jobId);
      else if (answer !== null) {
        refused += 1;
        const says =
          answer.status === 503 && answer.retryAfter !== null && answer.text.includes('"message":"');
        expectThat(says, 'an upload is taken, or refused with 503, the reason and Retry-After', answer.text);
      }
      await sleep(MEANWHILE_EVERY_MS);
    }
  })();
  return {
    /** Waits until the accepted jobs are converted and shown. */
    end: async (): Promise<{ taken: readonly string[]; refused: number }> => {
      isOver = true;
      await uploading;
      expectThat(taken.length + refused > 0, 'uploads are answered while the tables are built again');
      await within(SETTLE_MS_MAX, 'what was taken during the rebuild is converted and shown', async () => {
        const listed = await listOf(installation, owner);
        return listed !== null && taken.every((jobId) => listed.get(jobId) === 'ready');
      });
      return { taken, refused };
    },
  };
}

/** An older copy replaces the log, while the services run or while they are stopped. */
function olderFolder({
  areRunning,
}: {
  areRunning: boolean;
}): (installation: DrillInstallation) => Promise<string> {
  return async (installation) => {
    const owner = newOwner();
    const early = await uploads(installation, owner, documents(3));
    const { copy, forget } = await copyLog(installation);
    const lost = documents(4);
    const late = await uploads(installation, owner, lost);
    await untilListed(installation, owner, [...early, ...late], 'all are listed');
    if (!areRunning) await Promise.all([installation.rest!.kill(), installation.processor!.kill()]);
    await installation.eventStore.kill('SIGKILL');
    await rm(installation.eventStore.directory, { recursive: true });
    await rename(copy, installation.eventStore.directory);
    await installation.eventStore.restart();
    for (const jobId of late) {
      installation.acknowledged.delete(jobId);
      installation.lostCalls.set(jobId, 1);
    }
    const backAt = performance.now();
    const meanwhile = uploadMeanwhile(installation);
    if (!areRunning) await Promise.all([installation.rest!.restart(), installation.processor!.restart()]);
    await untilListed(
      installation,
      owner,
      early,
      'no row is shown that the log does not hold, and each that it does',
    );
    const seconds = ((performance.now() - backAt) / 1000).toFixed(1);
    const { taken, refused } = await meanwhile.end();
    // More than was lost, so that the log is longer than any checkpoint of before; two of them are the same documents.
    const after = await uploads(installation, owner, [...lost.slice(0, 2), ...documents(6)]);
    await untilListed(
      installation,
      owner,
      [...early, ...after],
      'what was uploaded since is converted and shown',
    );
    await untilReady(installation);
    await forget();
    return (
      `${late.length} jobs are gone from the log and the list ${seconds} s after; of uploads meanwhile ${taken.length} were taken ` +
      `and ${refused} refused; ${taken.length + after.length} uploads since are ready`
    );
  };
}

/** The address leads to another server with an older copy, and then back again. */
async function otherServer(installation: DrillInstallation): Promise<string> {
  const owner = newOwner();
  const early = await uploads(installation, owner, documents(2));
  const { copy, forget } = await copyLog(installation);
  const late = await uploads(installation, owner, documents(3));
  const other = await startTestEventStore({}, copy);
  let meanwhile: readonly string[];
  try {
    installation.toEventStore.leadTo(other.port);
    installation.toEventStore.cut();
    const uploading = uploadMeanwhile(installation);
    await untilListed(installation, owner, early, 'the list is that of the other server');
    meanwhile = (await uploading.end()).taken;
    const there: string[] = [];
    for (const bytes of documents(5)) there.push(await upload(installation, { owner, bytes }));
    await untilListed(installation, owner, [...early, ...there], 'uploads are converted on the other server');
    for (const jobId of [...there, ...meanwhile]) installation.acknowledged.delete(jobId);
  } finally {
    installation.toEventStore.leadTo(installation.eventStore.port);
    installation.toEventStore.cut();
    await other.stop();
    await forget();
  }
  await untilListed(installation, owner, [...early, ...late], 'the list is that of the first server again');
  await untilReady(installation);
  return (
    'an older copy at the same address, and back: each time the list was that of the log behind it; ' +
    `${meanwhile.length} uploads taken meanwhile`
  );
}

/** Streams of another program, in a log that many others use. */
async function poisonedLog(installation: DrillInstallation): Promise<string> {
  const streams = poisonStreams();
  for (const [stream, events] of streams) {
    const jobId = jobIdOfStream(stream);
    if (jobId !== null) installation.spoiled.add(jobId);
    await installation.log.append(stream, events, 'no_stream');
  }
  const owner = newOwner();
  const victim = newOwner();
  const hit = await upload(installation, { owner: victim });
  await untilState(installation, hit, ['ready'], { withinMs: SETTLE_MS_MAX });
  const last = await installation.log.readLast(`job-${hit}`);
  await installation.log.append(`job-${hit}`, [neverHeardOf()], last!.revision);
  installation.spoiled.add(hit);
  installation.acknowledged.delete(hit);
  const others = await uploads(installation, owner, documents(8));
  await untilListed(installation, owner, others, 'the uploads of others are converted and shown');
  await within(
    SETTLE_MS_MAX,
    'what cannot be applied is in quarantine, the job that was hit as well',
    async () => {
      const { rows } = await installation.store.query<{ stream: string }>(
        `select distinct stream from docket.quarantine where projection = 'work-list'`,
      );
      return rows.some(({ stream }) => stream === `job-${hit}`) && rows.length >= 7;
    },
  );
  await untilReady(installation);
  return `${streams.size} streams and one job of another program's making: 8 of 8 uploads of others ready`;
}

export const olderLog: DrillGroup = {
  name: 'other-logs',
  start: () => startDrillInstallation({ processor: true }),
  drills: [
    {
      id: 'D21',
      title: 'event store restored from an older copy, services alive',
      run: olderFolder({ areRunning: true }),
    },
    {
      id: 'D61',
      title: 'older copy of the log folder beside newer Postgres',
      run: olderFolder({ areRunning: false }),
    },
    { id: 'D62', title: 'the address leads to a server with an older copy', run: otherServer },
    { id: 'D60', title: 'the poisoned log: names, data, versions, sizes, order', run: poisonedLog },
  ],
};
