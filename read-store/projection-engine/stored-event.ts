/** An event of the log, with the parts that a projection needs. */
export interface StoredEvent {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  /** The number of the event in its own stream, from 0. */
  readonly revision: bigint;
  /** Commit position in the whole log; strictly increasing. */
  readonly position: bigint;
  readonly data: unknown;
  readonly metadata: unknown;
}
