import { getHeapStatistics } from 'node:v8';
import type { EventLog } from '../../event-store/event-log.ts';
import type { ReadStore } from '../../read-store/pool.ts';
import { areValuesRefused } from '../../read-store/projection-engine/projection-errors.ts';
import { GENERATIONS } from '../../read-store/projection-engine/resting-rows.ts';
import type { ProjectionTarget } from '../../read-store/projection-engine/projection-definition.ts';
import { catchUp, together } from '../following/catch-up.ts';
import type { RegisteredProjection } from '../registry.ts';

/** What a held row that rests takes at most, its key and all: a text of 100 to 700 bytes. */
const ROW_BYTES = 800;
/** The same of a row that does not rest: a job of the queue, with all that it consists of. */
const AWAKE_ROW_BYTES = 3_000;
/** The share of the heap that those may take, of all projections together. */
const AWAKE_SHARE = 0.3;
/** The share of the heap that all held rows may take, of all projections together. */
const HEAP_SHARE = 0.5;

/** Tables of one projection that are being built. */
export interface Filled {
  readonly projection: RegisteredProjection;
  readonly target: ProjectionTarget;
  readonly fencingEpoch: bigint;
}

/**
 * Fills new tables from the log in as few writes as memory allows, all projections from one read. What comes to the log
 * meanwhile is left to the ordinary writers, and so is everything when this answers false: Postgres refused a value,
 * which only they can find the stream of. The tables have to be made again then.
 *
 * @throws CheckpointMoved, LogUnavailable, ReadStoreUnavailable
 */
export async function bulkFill(options: {
  readonly tables: readonly Filled[];
  readonly log: Pick<EventLog, 'readAll' | 'readStream'>;
  readonly store: ReadStore;
  readonly isStopped: () => boolean;
  readonly onBatch: (through: bigint, events: number) => void;
}): Promise<boolean> {
  const { log, store, tables, isStopped, onBatch } = options;
  const readMissing = (stream: string, from: bigint) => log.readStream(stream, from);
  const heapBytes = getHeapStatistics().heap_size_limit / tables.length;
  const rowsMax = Math.floor((heapBytes * HEAP_SHARE) / ROW_BYTES);
  const awakeMax = Math.floor((heapBytes * AWAKE_SHARE) / AWAKE_ROW_BYTES / GENERATIONS);
  for (;;) {
    const writers = await Promise.all(
      tables.map(({ projection, ...rest }) =>
        projection.openBulkWriter({ store, readMissing, rowsMax, awakeMax, ...rest }),
      ),
    );
    const isFull = () => writers.some((writer) => writer.isFull());
    try {
      await catchUp(log, together(writers), onBatch, () => isStopped() || isFull());
      if (isStopped()) return true;
      await Promise.all(writers.map((writer) => writer.finish()));
      if (!isFull()) return true;
    } catch (error) {
      await Promise.all(writers.map((writer) => writer.settled()));
      if (!areValuesRefused(error)) throw error;
      return false;
    }
  }
}
