import type { BlobStore } from '../../blob-store/blob-store.ts';
import { BlobMissing } from '../../blob-store/blob-errors.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { handleCommand, loadStream } from '../../event-store/handle-command.ts';
import { isoNow, type Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log/log.ts';
import { EventNotUnderstood } from '../../schemas/events/event-versions.ts';
import { commandIdOf } from '../../schemas/name-based-ids.ts';
import { isActive } from '../../schemas/job-states.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import type { CleanupTally, RemovedFile } from './cleanup-report.ts';
import { refersTo, type FileKind, type KeepingDecider } from './kept-job.ts';

export interface ReleaseParts {
  readonly log: EventLog;
  readonly blobs: BlobStore;
  readonly decider: KeepingDecider;
  readonly clock: Clock;
  readonly logger: Log;
  readonly tally: CleanupTally;
  /** The actor in the events, such as `processor:p1`. */
  readonly actor: string;
  /** True to decide only: nothing is appended or removed. */
  readonly dryRun: boolean;
}

/** A file that an event of the log names. */
export interface NamedFile {
  readonly kind: FileKind;
  readonly jobId: string;
  readonly blobKey: string;
}

/**
 * Removes a file if its job's own stream allows it: appends the event first, then deletes. If an earlier run stopped
 * between append and deletion, the file is deleted now.
 * @returns true when nothing is left to do
 * @throws LogUnavailable, StreamMovedOn, BlobStoreUnavailable
 */
export async function releaseFile(parts: ReleaseParts, file: NamedFile): Promise<boolean> {
  const { kind, jobId, blobKey } = file;
  const command = { kind, blobKey, at: isoNow(parts.clock) };
  try {
    const decided = parts.dryRun
      ? await decideOnly(parts, file, command)
      : await record(parts, file, command);
    if (decided === null) return false;
    const [expiry] = decided;
    const why = expiry !== undefined && 'cause' in expiry.data ? expiry.data.cause : 'leftover';
    return await remove(parts, { ...file, why: why as RemovedFile['why'] });
  } catch (error) {
    if (!(error instanceof EventNotUnderstood)) throw error;
    parts.tally.notUnderstood();
    parts.logger.error(
      { err: error, jobId, blobKey },
      'a file is kept: its job has an event that is not understood',
    );
    return false;
  }
}

/** Returns the appended events, or null when the file must stay. */
async function record(
  parts: ReleaseParts,
  { kind, jobId, blobKey }: NamedFile,
  command: Parameters<KeepingDecider['decide']>[0],
): Promise<readonly JobEvent[] | null> {
  const commandId = commandIdOf('retention', kind, jobId, blobKey);
  const context = { commandId, correlationId: commandId, actor: parts.actor };
  const handled = await handleCommand(parts.log, parts.decider, jobStream(jobId), command, context);
  if (handled.outcome === 'accepted' && !refersTo(handled.state.job, blobKey)) return handled.events;
  noteKept(parts, handled.state.job.state);
  return null;
}

async function decideOnly(
  parts: ReleaseParts,
  { jobId }: NamedFile,
  command: Parameters<KeepingDecider['decide']>[0],
): Promise<readonly JobEvent[] | null> {
  const { state: kept } = await loadStream(parts.log, parts.decider, jobStream(jobId));
  const decision = parts.decider.decide(command, kept);
  if ('accepted' in decision) return decision.accepted;
  noteKept(parts, kept.job.state);
  return null;
}

function noteKept(parts: ReleaseParts, state: KeptState): void {
  if (state !== 'absent' && isActive(state)) parts.tally.stillNeeded();
}

type KeptState = Parameters<typeof isActive>[0] | 'absent';

/** Removes a blob to which nothing refers. Counts the blob when it existed. */
export async function remove(
  parts: Pick<ReleaseParts, 'blobs' | 'tally' | 'dryRun' | 'logger'>,
  file: Omit<RemovedFile, 'bytes'>,
): Promise<boolean> {
  const { blobs, tally, dryRun, logger } = parts;
  try {
    const { bytes } = await blobs.stat(file.blobKey);
    if (!dryRun) await blobs.remove(file.blobKey);
    logger.debug({ ...file, bytes, dryRun }, 'removed a file');
    tally.removed({ ...file, bytes });
  } catch (error) {
    if (!(error instanceof BlobMissing)) throw error;
  }
  return true;
}
