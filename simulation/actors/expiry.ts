import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { JobDecider } from '../../conversion-job/decider.ts';
import type { ExistingJob } from '../../conversion-job/job.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { handleCommand } from '../../event-store/handle-command.ts';
import { commandIdOf } from '../../schemas/ids.ts';
import type { JobCommand } from '../../schemas/job-commands.ts';
import { jobStream } from '../../schemas/streams.ts';

/** A file whose keeping time is over, as far as the keeper knows. */
export interface Overdue {
  readonly job: ExistingJob;
  readonly kind: 'source' | 'result';
  readonly blobKey: string;
}

export interface ExpiryParts {
  readonly log: EventLog;
  readonly decider: JobDecider;
  readonly blobs: BlobStore;
  readonly at: string;
}

/** Removes a file whose time is over, if its job still allows it. */
export type Expiry = (parts: ExpiryParts, overdue: Overdue) => Promise<void>;

/** The event first, decided from the job's stream; the file after it (promise 6). */
export const expireByStream: Expiry = async (parts, overdue) => {
  if (await recordExpiry(parts, overdue)) await parts.blobs.remove(overdue.blobKey);
};

/** True when the log says that the file is gone. */
export async function recordExpiry(
  { log, decider, at }: Pick<ExpiryParts, 'log' | 'decider' | 'at'>,
  { job: { jobId }, kind, blobKey }: Overdue,
): Promise<boolean> {
  const type = kind === 'source' ? 'ExpireSource' : 'ExpireResult';
  const command: JobCommand = { type, at, cause: 'age' };
  const commandId = commandIdOf(type, jobId, blobKey);
  const context = { commandId, correlationId: commandId, actor: 'system' };
  const handled = await handleCommand(log, decider, jobStream(jobId), command, context);
  // A job that was reopened meanwhile has another source: only the file the event named may go.
  const named = handled.outcome === 'accepted' ? handled.events.map((event) => event.data) : [];
  return named.some((about) => 'blobKey' in about && about.blobKey === blobKey);
}
