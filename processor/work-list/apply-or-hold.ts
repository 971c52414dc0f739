import { areValuesRefused } from '../../read-store/projection-engine/projection-errors.ts';
import type { Quarantined } from '../../read-store/projection-engine/fold-batch.ts';
import { jobIdOfStream } from '../../schemas/events/streams.ts';
import { heldChange, type FedEvent } from './fold-changes.ts';
import type { WorkChange } from './work-change.ts';

export interface ApplyOrHold {
  readonly events: readonly FedEvent[];
  /** Writes changes. The checkpoint moves with the changes, or does not move. */
  readonly apply: (changes: readonly WorkChange[], checkpoint: 'moves' | 'stays') => Promise<void>;
  readonly hold: (held: readonly Quarantined[]) => Promise<void>;
}

/**
 * Applies changes and moves the checkpoint. When Postgres refuses a value, halving finds the changes with such
 * values, and their jobs are held. So one job never stops the other jobs. The checkpoint moves last.
 *
 * @throws every error of `apply` except a refused value
 */
export async function applyOrHold(parts: ApplyOrHold, changes: readonly WorkChange[]): Promise<void> {
  try {
    return await parts.apply(changes, 'moves');
  } catch (error) {
    if (!areValuesRefused(error)) throw error;
  }
  await applyWhatIsTaken(parts, changes);
  await parts.apply([], 'moves');
}

async function applyWhatIsTaken(parts: ApplyOrHold, changes: readonly WorkChange[]): Promise<void> {
  try {
    return await parts.apply(changes, 'stays');
  } catch (error) {
    if (!areValuesRefused(error) || changes.length === 0) throw error;
    if (changes.length === 1) return holdOne(parts, changes[0]!, error as Error);
  }
  const half = Math.ceil(changes.length / 2);
  await applyWhatIsTaken(parts, changes.slice(0, half));
  await applyWhatIsTaken(parts, changes.slice(half));
}

async function holdOne(
  { events, apply, hold }: ApplyOrHold,
  { jobId }: WorkChange,
  cause: Error,
): Promise<void> {
  const first = events.find(({ recorded }) => jobIdOfStream(recorded.stream) === jobId);
  if (first === undefined) throw cause;
  const { recorded } = first;
  await hold([{ recorded, reason: `Postgres refuses it: ${cause.message}` }]);
  await apply([heldChange(jobId, recorded)], 'stays');
}
