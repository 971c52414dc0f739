import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { JobDecider } from '../../conversion-job/decider.ts';
import type { ExistingJob, Job } from '../../conversion-job/job.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { type CommandContext, handleCommand } from '../../event-store/handle-command.ts';
import type { UploadDocument } from '../../schemas/job-commands.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import type { StorageQuota } from '../../schemas/errors/error-codes.ts';
import type { UploadResult } from '../../schemas/protocols/http-api.ts';
import type { WriteSide } from '../write-side.ts';

export interface AcceptedDocument {
  readonly job: ExistingJob;
  /** True when the upload changed nothing, because the job existed in the state that the upload asks for. */
  readonly deduplicated: boolean;
  readonly position: bigint;
  /** The blob to which no job refers: either the blob just stored, or the blob that it replaced. */
  readonly unneededBlobKey: string | null;
}

/**
 * Makes a job of a stored document, or finds the existing job.
 * @param context.presumeNew see `handleCommand`; true by default
 * @throws LogUnavailable when the outcome is unknown; the blob must then stay, because the log may refer to it
 */
export async function acceptDocument(
  log: EventLog,
  decider: JobDecider,
  command: UploadDocument,
  context: CommandContext,
): Promise<AcceptedDocument> {
  let before: Job | null = null;
  const watching: JobDecider = {
    ...decider,
    decide: (asked, job) => {
      before = job;
      return decider.decide(asked, job);
    },
  };
  const handled = await handleCommand(log, watching, jobStream(command.jobId), command, {
    presumeNew: true,
    ...context,
  });
  const job = handled.state;
  if (handled.outcome === 'refused' || job.state === 'absent')
    throw new Error(`An upload to job ${command.jobId} had no effect.`);
  const isOurs = handled.events.length > 0 || job.sourceBlobKey === command.blobKey;
  // The decider did not run, because the log already has the events of an earlier attempt of this command.
  const isRepeated = before === null;
  return {
    job,
    deduplicated: !isOurs && !isRepeated,
    position: handled.position,
    unneededBlobKey: isOurs ? replacedBlob(before, command.blobKey) : command.blobKey,
  };
}

/** After a repeated upload, the job refers to the new blob. Returns the old blob, to which nothing refers any more. */
function replacedBlob(before: Job | null, blobKey: string): string | null {
  if (before === null || before.state === 'absent' || before.sourceBlobKey === blobKey) return null;
  return before.sourceBlobKey;
}

/** Removes a blob to which nothing refers. A failed removal is counted, and retention removes the orphan later. */
export async function removeUnneeded(
  blobs: BlobStore,
  key: string | null,
  onOrphan: (error: unknown) => void,
): Promise<void> {
  if (key === null) return;
  await blobs.remove(key).catch(onOrphan);
}

/**
 * Makes a job of a stored document if its owner has room for it. A document that already is a job needs no room.
 * @throws QuotaExceeded when nothing was appended for lack of room; LogUnavailable as `acceptDocument`
 */
export function acceptWithinQuota(
  { log, decider, ownerStorage }: Pick<WriteSide, 'log' | 'decider' | 'ownerStorage'>,
  command: UploadDocument,
  context: CommandContext,
): Promise<AcceptedDocument> {
  if (ownerStorage === null) return acceptDocument(log, decider, command, context);
  // If room is short, the stream is read first, because the document may already be a job.
  const presumeNew = ownerStorage.hasRoom(command);
  return ownerStorage.holding(decider, (keepingRoom) =>
    acceptDocument(log, keepingRoom, command, { ...context, presumeNew }),
  );
}

/** Returns the line of the answer for a file that is larger than the owner's free space. */
export function quotaRefusal(
  quota: StorageQuota,
  bytes: number,
): Extract<UploadResult, { error: unknown }>['error'] {
  const { usedBytes, allowedBytes } = quota;
  const message =
    `Your files take ${megabytes(usedBytes)} MB of the ${megabytes(allowedBytes)} MB that you may use, so this one ` +
    `of ${megabytes(bytes)} MB does not fit; space becomes free when files expire.`;
  return { code: 'QUOTA_EXCEEDED', message, quota };
}

/** Writes bytes as megabytes. Small numbers get one decimal. */
function megabytes(bytes: number): string {
  return String(Math.round((bytes / 1024 / 1024) * 10) / 10);
}
