import type { ReadStore } from '../pool.ts';
import type { FoldedRow, Projection, ProjectionTarget } from './projection-definition.ts';
import type { StoredEvent } from './stored-event.ts';

/** The projection whose tables are written, and the place of the tables. */
export interface WriterOptions<Event, Row extends FoldedRow> {
  readonly store: ReadStore;
  readonly projection: Projection<Event, Row>;
  readonly target: ProjectionTarget;
  readonly fencingEpoch: bigint;
  /** Reads the events of a stream from a revision on. It fills a gap when events arrive late or out of order (D29). */
  readonly readMissing: (stream: string, from: bigint) => AsyncIterable<StoredEvent>;
}
