import type { ReadStore } from '../pool.ts';
import type { FoldedRow, Projection, ProjectionTarget } from './projection-definition.ts';
import type { StoredEvent } from './stored-event.ts';

/** What writes the tables of a projection, and where. */
export interface WriterOptions<Event, Row extends FoldedRow> {
  readonly store: ReadStore;
  readonly projection: Projection<Event, Row>;
  readonly target: ProjectionTarget;
  readonly fencingEpoch: bigint;
  /** Events of a stream from a revision on: how a gap is filled when events arrive late or out of order (D29). */
  readonly readMissing: (stream: string, from: bigint) => AsyncIterable<StoredEvent>;
}
