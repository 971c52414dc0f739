import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { ExistingJob } from '../../conversion-job/job.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { loadStream } from '../../event-store/handle-command.ts';
import { RESULTS_PREFIX, resultKeyOf, SOURCES_PREFIX } from '../../blob-store/blob-key.ts';
import { isActive } from '../../schemas/job-states.ts';
import { JOB_STREAM_PREFIX } from '../../schemas/streams.ts';
import { SIMULATED_EPOCH_MS } from '../engine/simulated-time.ts';
import type { Life } from '../engine/world.ts';
import type { House } from '../house.ts';
import { simulatedBlobs } from '../ports/blob-store.ts';
import { simulatedLog } from '../ports/event-log.ts';

const passEveryMs = 4_000;
/** Stands for the hour of the product: longer than any upload or attempt takes. */
const orphanAgeMs = 60_000;

/** Retention: removes what is overdue, event first, and then the blobs that no job refers to. */
export function bootKeeper(house: House, life: Life, ttlMs: { source: number; result: number }): void {
  const again = async (): Promise<void> => {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, passEveryMs * (0.5 + house.world.random.next())));
      try {
        await keepOnce(house, life, ttlMs, orphanAgeMs);
      } catch (error) {
        house.world.trace.say(life.name, () => `pass ends: ${(error as Error).message}`);
      }
    }
  };
  void again();
}

/** One pass over every job and every blob. */
export async function keepOnce(
  house: House,
  life: Life,
  ttlMs: { source: number; result: number },
  orphansOlderThanMs: number,
): Promise<void> {
  const { world, composition, decider } = house;
  const log = composition.log(simulatedLog(world, life, house.log), world.random);
  const blobs = simulatedBlobs(world, life, house.blobs);
  const streams = new Set<string>();
  for await (const { stream } of log.readAll('start', { streamPrefixes: [JOB_STREAM_PREFIX] }))
    streams.add(stream);
  for (const stream of streams) {
    const { state: job } = await loadStream(log, decider, stream);
    const judged = job.state === 'absent' ? null : composition.judged(job, house.tables);
    if (judged === null) continue;
    for (const overdue of overdueOf(judged, life.clock.now(), ttlMs)) {
      const at = new Date(life.clock.now()).toISOString();
      await composition.expire({ log, decider, blobs, at }, { job: judged, ...overdue });
    }
  }
  await removeOrphans(house, { log, blobs }, SIMULATED_EPOCH_MS + world.nowMs() - orphansOlderThanMs);
}

function overdueOf(job: ExistingJob, nowMs: number, ttlMs: { source: number; result: number }) {
  const ageMs = nowMs - Date.parse(job.updatedAt);
  const overdue: { kind: 'source' | 'result'; blobKey: string }[] = [];
  if (job.state === 'ready' && ageMs > ttlMs.result)
    overdue.push({ kind: 'result', blobKey: job.conversion.result.blobKey });
  if (!isActive(job.state) && job.sourceBlobKey !== null && ageMs > ttlMs.source)
    overdue.push({ kind: 'source', blobKey: job.sourceBlobKey });
  return overdue;
}

/** The blobs are listed first: one that is stored later cannot be in the list, one in the list is in the log by now. */
async function removeOrphans(
  house: House,
  { log, blobs }: { log: EventLog; blobs: BlobStore },
  storedBeforeMs: number,
): Promise<void> {
  const old: string[] = [];
  for (const prefix of [SOURCES_PREFIX, RESULTS_PREFIX])
    for await (const { key, modifiedAt } of blobs.list(prefix))
      if (modifiedAt.getTime() < storedBeforeMs) old.push(key);
  if (old.length === 0) return;
  const referred = new Set<string>();
  const streams = new Set<string>();
  for await (const { stream } of log.readAll('start', { streamPrefixes: [JOB_STREAM_PREFIX] }))
    streams.add(stream);
  for (const stream of streams) {
    const { state: job } = await loadStream(log, house.decider, stream);
    if (job.state === 'absent') continue;
    if (job.sourceBlobKey !== null) referred.add(job.sourceBlobKey);
    if (job.state === 'ready') referred.add(job.conversion.result.blobKey);
    if (job.state === 'converting') referred.add(resultKeyOf(job.jobId, job.fencingToken));
  }
  for (const key of old) if (!referred.has(key)) await blobs.remove(key);
}
