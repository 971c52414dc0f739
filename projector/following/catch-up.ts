import type { EventLog } from '../../event-store/event-log.ts';
import type { Checkpoint } from '../../read-store/projection-engine/checkpoint.ts';
import type { ProjectionWriter } from '../../read-store/projection-engine/writer.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';
import { FOLLOWED_STREAM_PREFIXES } from '../../schemas/events/streams.ts';

/** Number of events in a batch while tables are built or catch up. */
export const BULK_EVENTS_MAX = 10_000;
/** When fewer events than this are left, the live subscription takes over. */
const NEARLY_THERE_EVENTS = 1_000;

/** The writer that catches up, or several writers that read the same events together. */
export interface CaughtUp {
  checkpoint(): Checkpoint;
  apply(batch: readonly StoredEvent[], through: bigint): Promise<unknown>;
  /** Number of events in a batch; the default is `BULK_EVENTS_MAX`. */
  readonly batchEvents?: number;
}

/**
 * Makes one writer of several, at the position of the slowest. A writer that is ahead ignores events that its rows
 * already include. A batch ends when every writer has written it or failed, so none still runs after an error.
 */
export function together(writers: readonly Pick<ProjectionWriter, 'checkpoint' | 'apply'>[]): CaughtUp {
  return {
    checkpoint: () =>
      writers
        .map((writer) => writer.checkpoint())
        .reduce((least, each) => (least === null || each === null ? null : each < least ? each : least)),
    apply: async (batch, through) => {
      const outcomes = await Promise.allSettled(writers.map((writer) => writer.apply(batch, through)));
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    },
  };
}

/**
 * Reads the log from the writer's checkpoint to its end in large batches. While one batch is written, the next batch
 * is read and folded. Returns the number of events read.
 *
 * @throws LogUnavailable, and the errors of `ProjectionWriter.apply`
 */
export async function catchUp(
  log: Pick<EventLog, 'readAll'>,
  writer: CaughtUp,
  onBatch: (through: bigint, events: number) => void,
  isStopped: () => boolean,
): Promise<number> {
  let total = 0;
  for (;;) {
    const read = await readToEnd(log, writer, onBatch, isStopped);
    total += read;
    if (read < NEARLY_THERE_EVENTS || isStopped()) return total;
  }
}

async function readToEnd(
  log: Pick<EventLog, 'readAll'>,
  writer: CaughtUp,
  onBatch: (through: bigint, events: number) => void,
  isStopped: () => boolean,
): Promise<number> {
  let batch: StoredEvent[] = [];
  let read = 0;
  let inFlight: Promise<unknown>[] = [];
  const write = async () => {
    const through = batch.at(-1)?.position;
    if (through === undefined) return;
    const events = batch.length;
    const written = writer.apply(batch, through).then(() => onBatch(through, events));
    written.catch(() => undefined);
    batch = [];
    inFlight = [...inFlight.slice(-1), written];
    if (inFlight.length > 1) await inFlight[0];
  };
  const filter = { streamPrefixes: FOLLOWED_STREAM_PREFIXES };
  const { batchEvents = BULK_EVENTS_MAX } = writer;
  for await (const event of log.readAll(writer.checkpoint() ?? 'start', filter)) {
    if (isStopped()) break;
    batch.push(event);
    read += 1;
    if (batch.length >= batchEvents) await write();
  }
  await write();
  await Promise.all(inFlight);
  return read;
}
