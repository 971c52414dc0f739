import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Settings } from '../schemas/config.ts';
import { EventNotUnderstood } from '../schemas/event-versions.ts';
import { commandIdOf } from '../schemas/ids.ts';
import type { JobCommands } from './job-commands.ts';
import { changeFromStream } from './look-up.ts';
import type { ProcessorMetrics } from './processor-metrics.ts';
import type { LostLease, WorkList } from './work-list/work-list.ts';

/** Leases given back in one sweep. */
const LEASES_MAX = 200;
/** Rows compared with their streams in one sweep, and how long they must have stood still. */
const UNTOUCHED_MAX = 20;
const UNTOUCHED_MS = 120_000;
/** Held jobs looked at again when a feeder starts: this build may understand what the last one did not. */
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
 * Gives back the leases that nobody will: of silent workers, of a worker's earlier lives, and any that ran out; then
 * compares rows that have stood still with their streams.
 *
 * @param trustSilence false while Postgres has just come back, when everybody's beat is old
 * @throws LogUnavailable, ReadStoreUnavailable
 */
export async function sweep(parts: SweepParts, trustSilence: boolean): Promise<void> {
  const { list, settings } = parts;
  const lost = await list.lostLeases(settings.PROCESSOR_SILENT_MS, trustSilence, LEASES_MAX);
  for (const lease of lost) await abandonOrSkip(parts, lease);
  await compareWithStreams(parts, await list.untouched(UNTOUCHED_MS, UNTOUCHED_MAX));
}

/** One stream that cannot be read must not keep the leases behind it. */
async function abandonOrSkip(parts: SweepParts, lease: LostLease): Promise<void> {
  try {
    await abandon(parts, lease);
  } catch (error) {
    if (!(error instanceof EventNotUnderstood)) throw error;
    parts.logger.error(
      { err: error, jobId: lease.jobId },
      'a lost lease cannot be given back: its stream is not understood',
    );
  }
}

/** Looks again at jobs that were set aside. @throws LogUnavailable, ReadStoreUnavailable */
export async function reviewHeld(parts: SweepParts): Promise<void> {
  await compareWithStreams(parts, await parts.list.held(HELD_MAX));
}

/**
 * Abandons a lease in the log. The stream decides: a lease that has ended meanwhile is refused, and the row is put
 * right.
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
    parts.logger.warn({ jobId, fencingToken, cause }, 'gave back a lease that nobody else would');
  }
  await compareWithStreams(parts, [jobId]);
}

async function compareWithStreams(
  parts: Pick<SweepParts, 'list' | 'commands'>,
  jobIds: readonly string[],
): Promise<void> {
  for (const jobId of jobIds) {
    const change = await changeFromStream(parts.commands, jobId);
    if (change !== null) await parts.list.correct([change]);
  }
}
