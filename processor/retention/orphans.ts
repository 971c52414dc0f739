import { RESULTS_PREFIX, SOURCES_PREFIX } from '../../blob-store/blob-key.ts';
import { loadStream } from '../../event-store/handle-command.ts';
import { EventNotUnderstood, understoodOrNull } from '../../schemas/events/event-versions.ts';
import { jobIdOfStream } from '../../schemas/events/streams.ts';
import { JobId } from '../../schemas/ids.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { refersTo } from './kept-job.ts';
import { remove, type ReleaseParts } from './release-file.ts';

/** A younger blob may belong to an upload or attempt whose event is not in the log yet (ADR 0030). */
export const ORPHAN_AGE_MS = 60 * 60 * 1000;
/** Most PDFs to compare in one reading of the log. Their keys take about 20 MB. */
const SOURCES_AT_ONCE = 100_000;

export interface OrphanParts extends ReleaseParts {
  /** Age below which a blob is no orphan: `ORPHAN_AGE_MS`, shorter in a simulation. */
  readonly orphanAgeMs: number;
  /** Called from time to time. An error from it ends the sweep. */
  readonly pause: () => Promise<void>;
}

/**
 * Removes blobs that no job refers to: a PDF whose upload never became an event, or the result of an attempt that
 * lost its lease. The sweep lists the blobs first and reads the log afterwards. So a reference that the log lacks at
 * that time will never come: command-api refuses a file that waited longer than `FILE_WAIT_MS_MAX` for its event.
 *
 * @throws LogUnavailable, BlobStoreUnavailable, and the errors of `pause`
 */
export async function sweepOrphans(parts: OrphanParts): Promise<void> {
  if ((await parts.log.head()) === 0n) {
    parts.logger.warn('the log is empty, so no blob counts as an orphan');
    return;
  }
  const bornBeforeMs = (await parts.blobs.now()) - parts.orphanAgeMs;
  await sweepResults(parts, bornBeforeMs);
  await sweepSources(parts, bornBeforeMs);
}

async function sweepResults(parts: OrphanParts, bornBeforeMs: number): Promise<void> {
  let seen = 0;
  for await (const listing of parts.blobs.list(RESULTS_PREFIX)) {
    if (listing.modifiedAt.getTime() > bornBeforeMs) continue;
    const { key: blobKey } = listing;
    const jobId = JobId.safeParse(blobKey.slice(RESULTS_PREFIX.length).split('/')[0]);
    // The key is not Docket's, so the blob stays.
    if (!jobId.success) continue;
    if (!(await isReferred(parts, jobId.data, blobKey)))
      await remove(parts, { why: 'orphan', kind: 'result', jobId: jobId.data, blobKey });
    seen += 1;
    if (seen % 100 === 0) await parts.pause();
  }
}

/** The key of a result names its job, so one stream shows whether the job refers to the blob. */
async function isReferred(parts: OrphanParts, jobId: string, blobKey: string): Promise<boolean> {
  try {
    const { state } = await loadStream(parts.log, parts.decider, jobStream(jobId));
    return refersTo(state.job, blobKey);
  } catch (error) {
    if (!(error instanceof EventNotUnderstood)) throw error;
    return true;
  }
}

async function sweepSources(parts: OrphanParts, bornBeforeMs: number): Promise<void> {
  let unknown = new Set<string>();
  for await (const listing of parts.blobs.list(SOURCES_PREFIX)) {
    if (listing.modifiedAt.getTime() <= bornBeforeMs) unknown.add(listing.key);
    if (unknown.size < SOURCES_AT_ONCE) continue;
    await removeUnreferred(parts, unknown);
    unknown = new Set();
  }
  if (unknown.size > 0) await removeUnreferred(parts, unknown);
}

/** The key of a PDF names no job, so the `DocumentUploaded` events of the whole log show which PDFs are known. */
async function removeUnreferred(parts: OrphanParts, keys: Set<string>): Promise<void> {
  const filter = { eventTypePrefixes: ['DocumentUploaded'] };
  let seen = 0;
  for await (const recorded of parts.log.readAll('start', filter)) {
    // An event of a stream without a job, written by another program, names no file of Docket.
    if (jobIdOfStream(recorded.stream) === null) continue;
    const event = understoodOrNull(recorded);
    if (event?.type !== 'DocumentUploaded') {
      parts.tally.notUnderstood();
      parts.logger.error(
        { stream: recorded.stream, type: recorded.type },
        'an upload in the log is not understood and may name any PDF, so no PDF counts as an orphan',
      );
      return;
    }
    keys.delete(event.data.blobKey);
    seen += 1;
    if (seen % 10_000 === 0) await parts.pause();
    if (keys.size === 0) return;
  }
  for (const blobKey of keys) await remove(parts, { why: 'orphan', kind: 'source', jobId: null, blobKey });
}
