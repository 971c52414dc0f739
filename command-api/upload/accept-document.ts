import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { JobDecider } from '../../conversion-job/decider.ts';
import type { ExistingJob, Job } from '../../conversion-job/job.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { type CommandContext, handleCommand } from '../../event-store/handle-command.ts';
import type { UploadDocument } from '../../schemas/job-commands.ts';
import { jobStream } from '../../schemas/streams.ts';
import type { StorageQuota } from '../../schemas/error-codes.ts';
import type { UploadResult } from '../../schemas/http-api.ts';
import type { WriteSide } from '../write-side.ts';

export interface AcceptedDocument {
  readonly job: ExistingJob;
  /** The job was already what the upload asks for. */
  readonly deduplicated: boolean;
  readonly position: bigint;
  /** The blob that no job refers to any more: the one just stored, or the one it took the place of. */
  readonly unneededBlobKey: string | null;
}

/**
 * Makes a stored document a job, or finds the job it already is.
 *
 * @param context.presumeNew as `handleCommand` has it; true unless said otherwise
 * @throws LogUnavailable when the outcome is not known; the blob must then stay, since the log may refer to it
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
    throw new Error(`An upload to job ${command.jobId} came to nothing.`);
  const isOurs = handled.events.length > 0 || job.sourceBlobKey === command.blobKey;
  // Nothing was decided: an earlier try of this very command is in the log already.
  const isRepeated = before === null;
  return {
    job,
    deduplicated: !isOurs && !isRepeated,
    position: handled.position,
    unneededBlobKey: isOurs ? replacedBlob(before, command.blobKey) : command.blobKey,
  };
}

/** A job that is uploaded again refers to the new blob. Nothing refers to the old one any more, if it still exists. */
function replacedBlob(before: Job | null, blobKey: string): string | null {
  if (before === null || before.state === 'absent' || before.sourceBlobKey === blobKey) return null;
  return before.sourceBlobKey;
}

/** Removes a blob that nothing refers to. One that cannot be removed now is counted; retention sweeps orphans. */
export async function removeUnneeded(
  blobs: BlobStore,
  key: string | null,
  onOrphan: (error: unknown) => void,
): Promise<void> {
  if (key === null) return;
  await blobs.remove(key).catch(onOrphan);
}

/**
 * Makes a stored document a job if its owner has room for it. A document that is a job already needs none.
 * @throws QuotaExceeded when nothing was appended for lack of room; LogUnavailable as `acceptDocument`
 */
export function acceptWithinQuota(
  { log, decider, ownerStorage }: Pick<WriteSide, 'log' | 'decider' | 'ownerStorage'>,
  command: UploadDocument,
  context: CommandContext,
): Promise<AcceptedDocument> {
  if (ownerStorage === null) return acceptDocument(log, decider, command, context);
  // Where the room is short, the stream has to say first whether the document is a job already.
  const presumeNew = ownerStorage.hasRoom(command);
  return ownerStorage.holding(decider, (keepingRoom) =>
    acceptDocument(log, keepingRoom, command, { ...context, presumeNew }),
  );
}

/** The line of the answer for a file of `bytes` that has no room. */
export function quotaRefusal(
  quota: StorageQuota,
  bytes: number,
): Extract<UploadResult, { error: unknown }>['error'] {
  const { usedBytes, allowedBytes } = quota;
  const message =
    `Your files take ${megabytes(usedBytes)} MB of the ${megabytes(allowedBytes)} MB that you may use, so this one ` +
    `of ${megabytes(bytes)} MB has no room; room comes back as files expire.`;
  return { code: 'QUOTA_EXCEEDED', message, quota };
}

/** With one decimal where it says something. */
function megabytes(bytes: number): string {
  return String(Math.round((bytes / 1024 / 1024) * 10) / 10);
}
