import { EventNotUnderstood } from '../../schemas/events/event-versions.ts';
import type { JobCommands } from './job-commands.ts';
import { placementOf, type WorkChange } from '../work-list/work-change.ts';

/**
 * The change that brings a job's row to the state of its stream; null when this build cannot understand the stream.
 *
 * @param through commit position of the last event to read; by default the end of the stream
 * @throws LogUnavailable
 */
export async function changeFromStream(
  commands: Pick<JobCommands, 'look'>,
  jobId: string,
  through?: bigint,
): Promise<WorkChange | null> {
  try {
    const { job, revision, hash, position } = await commands.look(jobId, through);
    const standing =
      job.state === 'absent'
        ? null
        : {
            owner: job.owner,
            priority: job.priority,
            requestedPosition: position,
            known: hash === null ? null : { job, hash },
          };
    return { jobId, revision, standing, placement: placementOf(job) };
  } catch (error) {
    if (error instanceof EventNotUnderstood) return null;
    throw error;
  }
}

/** Streams read at the same time. */
const READS_MAX = 20;

/**
 * Returns the changes that bring the rows of many jobs to the states that their streams had at a checkpoint. Jobs that
 * this build cannot understand are left out. A row must not be ahead of its checkpoint: a log that an operator puts
 * back to this checkpoint is not recognised as another log, and no later event would correct the row (ADR 0159).
 *
 * @param through the checkpoint, as a commit position
 * @throws LogUnavailable
 */
export async function changesFromStreams(
  commands: Pick<JobCommands, 'look'>,
  jobIds: readonly string[],
  through: bigint,
): Promise<WorkChange[]> {
  const found: WorkChange[] = [];
  for (let from = 0; from < jobIds.length; from += READS_MAX) {
    const some = jobIds.slice(from, from + READS_MAX);
    const looked = await Promise.all(some.map((jobId) => changeFromStream(commands, jobId, through)));
    found.push(...looked.filter((change) => change !== null));
  }
  return found;
}
