import type { LogMark } from '../../schemas/events/log-mark.ts';
import { markAfterBatch } from './batch-mark.ts';
import { readStanding, type Checkpoint } from './checkpoint.ts';
import { commitBatch } from './commit.ts';
import type { Quarantined } from './fold-batch.ts';
import { foldWithRows } from './fold-with-rows.ts';
import type { FoldedRow } from './projection-definition.ts';
import { heldStreams } from './quarantine.ts';
import { createRowCache } from './row-cache.ts';
import type { StoredEvent } from './stored-event.ts';
import type { WriterOptions } from './writer-options.ts';

/**
 * Rows of a cache generation. It is at least the largest batch, because the rows of batches in flight must stay in
 * memory.
 */
const CACHED_ROWS_MAX = 10_000;

/** The result of a batch, for logs and metrics. */
export interface Applied {
  readonly events: number;
  readonly quarantined: readonly Quarantined[];
}

/**
 * Writes the tables of one projection. It must be opened again after any error, because its rows in memory may be
 * wrong.
 */
export interface ProjectionWriter {
  /** The position up to which batches have been committed. */
  checkpoint(): Checkpoint;
  /** The event at the checkpoint. */
  mark(): LogMark | null;
  heldStreams(): ReadonlySet<string>;
  /**
   * Folds a batch and commits it together with checkpoint `through`. A second call may follow at once, so that its
   * fold runs during the first write. Further calls wait.
   * @throws CheckpointMoved, RowsRefused, ReadStoreUnavailable, and the errors of `readMissing`
   */
  apply(batch: readonly StoredEvent[], through: bigint): Promise<Applied>;
  /** Retries a held stream, from its first event that is not in the tables. */
  replay(stream: string): Promise<Applied>;
}

/** Opens the tables of a projection for writing, from the stored checkpoint. */
export async function openWriter<Event, Row extends FoldedRow>(
  options: WriterOptions<Event, Row>,
): Promise<ProjectionWriter> {
  const { store, projection, target, fencingEpoch } = options;
  const begun = await readStanding(store, target);
  let committed = begun.checkpoint;
  let committedMark = begun.mark;
  let folded = committed;
  let foldedMark = committedMark;
  const held = await heldStreams(store, target);
  const rows = createRowCache<Row>(CACHED_ROWS_MAX);
  let folding: Promise<unknown> = Promise.resolve();
  let writing: Promise<unknown> = Promise.resolve();
  let writingBefore: Promise<unknown> = Promise.resolve();

  const foldNext = async (batch: readonly StoredEvent[], to: bigint) => {
    const result = await foldWithRows(options, { held, rows }, batch, folded);
    const from = folded;
    folded = folded === null || to > folded ? to : folded;
    foldedMark = markAfterBatch(foldedMark, batch, folded);
    for (const { recorded } of result.quarantined) held.add(recorded.stream);
    for (const { key, row } of result.changes.values()) rows.set(key, row);
    return { result, move: { from, to: folded, mark: foldedMark } };
  };
  const apply = (batch: readonly StoredEvent[], through: bigint, released: readonly string[] = []) => {
    const ready = Promise.all([folding, writingBefore]).then(() => foldNext(batch, through));
    const written = Promise.all([ready, writing]).then(async ([{ result, move }]) => {
      const changes = [...result.changes.values()];
      const { quarantined } = result;
      await commitBatch({ store, projection, target }, fencingEpoch, {
        changes,
        quarantined,
        // A stream that is held again without a change was never released.
        released: changes.length > 0 || quarantined.length === 0 ? released : [],
        ...move,
      });
      for (const { key, row } of changes) if (row !== undefined && projection.rests(row)) rows.drop(key, row);
      committed = move.to;
      committedMark = move.mark;
      return { events: result.applied, quarantined };
    });
    folding = ready;
    writingBefore = writing;
    writing = written;
    // The caller handles the failure of `written`. Without this line, the promises that this code also holds would
    // count as unhandled rejections.
    for (const copy of [ready, written]) copy.catch(() => undefined);
    return written;
  };
  return {
    checkpoint: () => committed,
    mark: () => committedMark,
    heldStreams: () => held,
    apply: (batch, through) => apply(batch, through),
    replay: async (stream) => {
      await writing;
      held.delete(stream);
      const events: StoredEvent[] = [];
      for await (const event of options.readMissing(stream, 0n)) events.push(event);
      return apply(events, committed ?? 0n, [stream]);
    },
  };
}
