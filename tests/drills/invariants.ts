import pLimit from 'p-limit';
import { isResultKeyOf } from '../../blob-store/blob-key.ts';
import { jobDecider } from '../../conversion-job/decider.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { runCleanup } from '../../processor/retention/cleanup.ts';
import { tallyCleanup } from '../../processor/retention/cleanup-report.ts';
import { keepingDecider } from '../../processor/retention/kept-job.ts';
import { PROJECTIONS } from '../../projector/registry.ts';
import { JOBS_TARGET } from '../../projector/targets.ts';
import { readCheckpoint } from '../../read-store/projection-engine/checkpoint.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log/log.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { retryPolicyOf } from '../../conversion-job/retry-policy.ts';
import { isActive } from '../../schemas/job-states.ts';
import { JOB_STREAM_PREFIX } from '../../schemas/events/streams.ts';
import type { DrillInstallation } from './drill-installation.ts';
import { within } from './claims.ts';
import { copyOf } from './log-copy.ts';
import { untilAllFinal, type JobStory } from './job-streams.ts';
import { faultsOfStory } from './story-faults.ts';
import { sha256OfChunks } from '../../schemas/sha256.ts';

const SETTLE_MS_MAX = 60_000;
const FAULTS_TOLD_MAX = 8;
const FILES_AT_ONCE = 8;

/** The event store whose streams were read one by one, of each installation: its process id. */
const readThrough = new WeakMap<DrillInstallation, number>();

/**
 * The same check after every drill: waits until the installation is at rest, then reads every stream, table and blob and the
 * gateway's call log, and answers each invariant that is broken. It needs the stores to be up again.
 *
 * The log is read whole each time. Its streams are read one by one as well when the event store was started since the
 * last check; a process that answered them right does not lose one.
 */
export async function brokenInvariants(
  installation: DrillInstallation,
  settleMs = SETTLE_MS_MAX,
): Promise<string[]> {
  const faults: string[] = [];
  const copy = copyOf(installation.log);
  const stories = await untilAllFinal(installation, settleMs, copy);
  const isNewStore = readThrough.get(installation) !== installation.eventStore.pid();
  const log = isNewStore ? { ...copy, readStream: installation.log.readStream } : copy;
  await tablesCaughtUp(installation, log);
  const isAtRest = [...stories.values()].every(({ job }) => job.state !== 'absent' && !isActive(job.state));
  // A job that nobody was told of may still be converted: only the log says which file is its own.
  await sweep(installation, isAtRest ? log : { ...log, readStream: installation.log.readStream });
  const calls = await callsByJob(installation);
  const settings = loadSettings(installation.env);
  for (const story of stories.values())
    faults.push(...faultsOfStory(story, callsFor(installation, story, calls), retryPolicyOf(settings)));
  faults.push(...twins(stories));
  faults.push(...(await faultsOfBlobs(installation, stories)));
  const differing = await faultsOfTables(installation, log);
  // It is no fault when tables are ahead of the copy.
  faults.push(...(differing.length > 0 ? await faultsOfTables(installation, installation.log) : differing));
  readThrough.set(installation, installation.eventStore.pid());
  return faults.slice(0, FAULTS_TOLD_MAX);
}

/** I8, first half: the read side comes to the end of the log. */
async function tablesCaughtUp(installation: DrillInstallation, log: EventLog): Promise<void> {
  let last = -1n;
  for await (const event of log.readAll('start', { streamPrefixes: [JOB_STREAM_PREFIX] }))
    last = event.position;
  await within(SETTLE_MS_MAX, 'the tables have caught up with the log', async () => {
    for (const { target } of PROJECTIONS)
      if (((await readCheckpoint(installation.store, target)) ?? -1n) < last) return false;
    return true;
  });
}

/** What crashed attempts and uploads left behind goes as `docket cleanup` would take it; no file's time is over. */
async function sweep(installation: DrillInstallation, log: EventLog): Promise<void> {
  const policy = { sourceTtlMs: Infinity, resultTtlMs: Infinity, deleteResultOnDownload: false };
  await runCleanup({
    log,
    blobs: installation.blobs,
    policy,
    clock: systemClock,
    actor: 'drill',
    dryRun: false,
    decider: keepingDecider(jobDecider(retryPolicyOf(loadSettings(installation.env))), policy),
    logger: createLog('drill', 'silent'),
    orphanAgeMs: -60_000,
    tally: tallyCleanup(() => undefined, { dryRun: false }),
    marks: { markOf: () => 'start', keep: () => Promise.resolve() },
    pause: () => Promise.resolve(),
  });
}

function callsFor(
  installation: DrillInstallation,
  { jobId }: JobStory,
  calls: Map<string, number> | null,
): number {
  return (calls?.get(jobId) ?? 0) - (installation.lostCalls.get(jobId) ?? 0);
}

/** Null with the real gateway, which keeps no list of its calls. */
async function callsByJob(installation: DrillInstallation): Promise<Map<string, number> | null> {
  if (installation.realGateway !== null) return null;
  const calls = new Map<string, number>();
  for (const { jobId } of await installation.gateway.calls())
    if (jobId !== null) calls.set(jobId, (calls.get(jobId) ?? 0) + 1);
  return calls;
}

/** I6: one job an owner, content and mapping. */
function twins(stories: ReadonlyMap<string, JobStory>): string[] {
  const seen = new Map<string, string>();
  const faults: string[] = [];
  for (const { jobId, job } of stories.values()) {
    if (job.state === 'absent') continue;
    const identity = `${job.owner} ${job.mapping.id} ${job.mapping.version} ${job.sha256}`;
    const twin = seen.get(identity);
    if (twin !== undefined) faults.push(`I6: ${jobId} and ${twin} are the same document of one owner`);
    seen.set(identity, jobId);
  }
  return faults;
}

/** I2, I4, I7, I13: every file the log refers to is there with its hash, and after a sweep there is no other. */
async function faultsOfBlobs(
  installation: DrillInstallation,
  stories: ReadonlyMap<string, JobStory>,
): Promise<string[]> {
  const faults: string[] = [];
  const known = new Set<string>();
  const check = async (key: string, sha256: string, what: string): Promise<void> => {
    known.add(key);
    try {
      const kept = await sha256OfChunks((await installation.blobs.open(key)).stream);
      if (kept.sha256 !== sha256) faults.push(`I13: ${what} has other bytes than the log says`);
    } catch (error) {
      faults.push(`I7: ${what} cannot be read: ${String(error)}`);
    }
  };
  const checkJob = async ({ jobId, job, events }: JobStory): Promise<void> => {
    if (job.state === 'absent') return;
    if (job.sourceBlobKey !== null) await check(job.sourceBlobKey, job.sha256, `the PDF of ${jobId}`);
    if (job.state === 'ready') {
      const { blobKey, sha256 } = job.conversion.result;
      if (!events.some(({ revision }) => isResultKeyOf(jobId, revision.toString(), blobKey)))
        faults.push(`I2: the result of ${jobId} is not named by one of its attempts`);
      await check(blobKey, sha256, `the result of ${jobId}`);
    }
    // The PDF of an earlier upload is kept for its own time, though its job has a newer one.
    for (const { event } of events) if (event.type === 'DocumentUploaded') known.add(event.data.blobKey);
  };
  const limit = pLimit(FILES_AT_ONCE);
  await Promise.all([...stories.values()].map((story) => limit(() => checkJob(story))));
  for (const prefix of ['sources/', 'results/'])
    for await (const { key } of installation.blobs.list(prefix))
      if (!known.has(key) && installation.spoiled.size === 0)
        faults.push(`I4: ${key} belongs to nobody and was not swept`);
  return faults;
}

/** I5, I8: the tables equal the fold of the log, and no checkpoint lies beyond its end. */
async function faultsOfTables(installation: DrillInstallation, log: EventLog): Promise<string[]> {
  const faults: string[] = [];
  const head = await installation.log.head();
  const checkpoint = (await readCheckpoint(installation.store, JOBS_TARGET)) ?? -1n;
  if (checkpoint > head) faults.push(`I8: the checkpoint ${checkpoint} is beyond the log's end ${head}`);
  for (const projection of PROJECTIONS) {
    const { differences } = await projection.verify({
      log,
      store: installation.store,
      differencesMax: 100,
    });
    for (const { subject, kind } of differences)
      if (![...installation.spoiled].some((jobId) => subject.includes(jobId)))
        faults.push(`I5: projection ${projection.name}: ${subject}: ${kind}`);
  }
  return faults;
}
