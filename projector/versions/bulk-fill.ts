import { getHeapStatistics } from 'node:v8';
import type { EventLog } from '../../event-store/event-log.ts';
import type { ReadStore } from '../../read-store/pool.ts';
import type { BulkWriter } from '../../read-store/projection-engine/bulk-writer.ts';
import { areValuesRefused } from '../../read-store/projection-engine/projection-errors.ts';
import type { ProjectionTarget } from '../../read-store/projection-engine/projection-definition.ts';
import { catchUp, together } from '../following/catch-up.ts';
import type { RegisteredProjection } from '../registry.ts';
import { allDone } from './all-done.ts';
import { finishTables } from './finish-tables.ts';

/** Average memory of a held row over all tables: 600 bytes, measured at 200,000 jobs. */
const ROW_BYTES = 600;
/** Memory for all held rows, so that a build stays below 1 GiB for any number of jobs (ADR 0184). */
const HELD_BYTES_MAX = 512 * 1024 * 1024;
/** Held rows take at most this share of the heap, also when `HELD_BYTES_MAX` is more. */
const HEAP_SHARE = 0.5;
/**
 * Number of events folded together. It is small, so that the intermediate objects are collected while they are young.
 */
const BATCH_EVENTS = 500;

/** Tables of one projection that are being built. */
export interface Filled {
  readonly projection: RegisteredProjection;
  readonly target: ProjectionTarget;
  readonly fencingEpoch: bigint;
}

/** The default limit of rows in memory, over all projections. */
function heldRowsByMemory(): number {
  const heapBytes = getHeapStatistics().heap_size_limit * HEAP_SHARE;
  return Math.floor(Math.min(heapBytes, HELD_BYTES_MAX) / ROW_BYTES);
}

/**
 * Fills new tables from the log in as few writes as memory allows, all projections from one read. When memory is
 * full, it writes the rows and continues with empty memory. Then it makes the indexes. The ordinary writers write the
 * newest events. Returns false when Postgres refused a value. Then the ordinary writers must make the tables again,
 * because only they can find the stream of the value.
 * @param options.heldRowsMax rows in memory, of all projections together
 * @throws CheckpointMoved, LogUnavailable, ReadStoreUnavailable
 */
export async function bulkFill(options: {
  readonly tables: readonly Filled[];
  readonly log: Pick<EventLog, 'readAll' | 'readStream'>;
  readonly store: ReadStore;
  readonly heldRowsMax?: number | undefined;
  readonly isStopped: () => boolean;
  readonly onBatch: (through: bigint, events: number) => void;
}): Promise<boolean> {
  const { log, store, tables, isStopped, onBatch, heldRowsMax = heldRowsByMemory() } = options;
  const readMissing = (stream: string, from: bigint) => log.readStream(stream, from);
  for (;;) {
    const writers = await Promise.all(
      tables.map(({ projection, ...rest }) => projection.openBulkWriter({ store, readMissing, ...rest })),
    );
    const isFull = () => writers.reduce((sum, writer) => sum + writer.heldRows(), 0) >= heldRowsMax;
    try {
      const all = { ...together(writers), batchEvents: BATCH_EVENTS };
      await catchUp(log, all, onBatch, () => isStopped() || isFull());
      if (isStopped()) return true;
      const mustGoOn = isFull();
      if (mustGoOn) await allDone(writers.map((writer) => writer.finish()));
      else {
        await finishAll(store, tables, writers);
        return true;
      }
    } catch (error) {
      await Promise.all(writers.map((writer) => writer.settled()));
      if (!areValuesRefused(error)) throw error;
      return false;
    }
  }
}

/**
 * Writes all rows and makes all indexes. The tables of appended rows are full first, so their indexes are made while the
 * held rows are written.
 */
async function finishAll(
  store: ReadStore,
  tables: readonly Filled[],
  writers: readonly BulkWriter[],
): Promise<void> {
  await allDone(
    tables.map(async ({ projection, target }, index) => {
      const writer = writers[index]!;
      await writer.writeAppended();
      const finishHeld = async (): Promise<void> => {
        await writer.finish();
        await finishTables(store, projection.tables, target.schema, ({ isAppended }) => !isAppended);
      };
      const finishAppended = (): Promise<void> =>
        finishTables(store, projection.tables, target.schema, ({ isAppended }) => isAppended);
      await allDone([finishHeld(), finishAppended()]);
    }),
  );
}
