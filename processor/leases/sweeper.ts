import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log/log.ts';
import { isRetryable } from '../../schemas/errors/coded-error.ts';
import type { Settings } from '../../schemas/settings/config.ts';
import { commandIdOf } from '../../schemas/name-based-ids.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import type { JobCommands } from '../job-stream/job-commands.ts';
import { changeFromStream } from '../job-stream/look-up.ts';
import type { ProcessorMetrics } from '../attempts/processor-metrics.ts';
import type { LostLease, WorkList } from '../work-list/work-list.ts';

/** Most leases that one sweep abandons. */
const LEASES_MAX = 200;
/**
 * Most rows that one sweep compares with their streams. A sweep compares rows that have not changed for a certain
 * time: the next constant.
 */
const UNTOUCHED_MAX = 20;
const UNTOUCHED_MS = 120_000;
/**
 * Most held jobs that a new feeder tries again, because its build may understand more events than the previous build.
 */
const HELD_MAX = 1_000;

export interface SweepParts {
  readonly list: WorkList;
  readonly commands: JobCommands;
  readonly settings: Pick<Settings, 'PROCESSOR_SILENT_MS'>;
  readonly clock: Clock;
  readonly metrics: ProcessorMetrics;
  readonly logger: Log;
}

/**
 * Abandons leases that no worker will end: leases of silent workers, leases of earlier processes of a processor, and
 * expired leases. Then compares rows that have not changed for long with their streams.
 *
 * @param trustSilence false just after Postgres returned, when all heartbeats are old
 * @throws LogUnavailable, ReadStoreUnavailable
 */
export async function sweep(parts: SweepParts, trustSilence: boolean): Promise<void> {
  const { list, settings } = parts;
  const lost = await list.lostLeases(settings.PROCESSOR_SILENT_MS, trustSilence, LEASES_MAX);
  for (const lease of lost) await abandonOrSkip(parts, lease);
  await compareWithStreams(parts, await list.untouched(UNTOUCHED_MS, UNTOUCHED_MAX));
}

/**
 * Abandons one lease. An unreadable stream must not block the next leases. A retryable error means that a store does
 * not answer, so it ends the sweep.
 */
async function abandonOrSkip(parts: SweepParts, lease: LostLease): Promise<void> {
  try {
    await abandon(parts, lease);
  } catch (error) {
    if (isRetryable(error)) throw error;
    parts.logger.error({ err: error, jobId: lease.jobId }, 'a lost lease cannot be given back');
  }
}

/**
 * Tries held jobs again. Jobs that this build understands continue.
 * @throws LogUnavailable, ReadStoreUnavailable
 */
export async function reviewHeld(parts: Pick<SweepParts, 'list' | 'commands' | 'logger'>): Promise<void> {
  const released: string[] = [];
  for (const jobId of await parts.list.held(HELD_MAX))
    if (await compareWithStream(parts, jobId)) released.push(jobStream(jobId));
  if (released.length > 0) await parts.list.letGo(released);
}

/**
 * Abandons a lease in the log. The stream decides: it refuses for a lease that has ended, and the function then
 * corrects the row.
 * @throws LogUnavailable, ReadStoreUnavailable
 */
export async function abandon(
  parts: Pick<SweepParts, 'list' | 'commands' | 'clock' | 'metrics' | 'logger'>,
  { jobId, fencingToken, cause }: LostLease,
): Promise<void> {
  const commandId = commandIdOf('AbandonAttempt', jobId, fencingToken);
  const at = new Date(parts.clock.now()).toISOString();
  const command = { type: 'AbandonAttempt', at, fencingToken, cause } as const;
  const handled = await parts.commands.send({ jobId, command, commandId, correlationId: commandId });
  if (handled.outcome === 'accepted' && handled.events.length > 0) {
    parts.metrics.abandonedLeases.inc({ cause });
    parts.logger.warn({ jobId, fencingToken, cause }, 'abandoned the lease of a worker that did not end it');
  }
  await compareWithStreams(parts, [jobId]);
}

async function compareWithStreams(
  parts: Pick<SweepParts, 'list' | 'commands' | 'logger'>,
  jobIds: readonly string[],
): Promise<void> {
  for (const jobId of jobIds) await compareWithStream(parts, jobId);
}

/**
 * Sets a job's row to the state of its stream.
 * @returns false when this build does not understand the stream, or Postgres refuses its values
 */
export async function compareWithStream(
  { list, commands, logger }: Pick<SweepParts, 'list' | 'commands' | 'logger'>,
  jobId: string,
): Promise<boolean> {
  try {
    const rowRevision = await list.revisionOf(jobId);
    const change = await changeFromStream(commands, jobId);
    if (change !== null) await list.correct([{ ...change, rowRevision }]);
    return change !== null;
  } catch (error) {
    if (isRetryable(error)) throw error;
    logger.error({ err: error, jobId }, 'a job cannot be compared with its stream');
    return false;
  }
}
