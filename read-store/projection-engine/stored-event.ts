/** An event of the log, as far as a projection needs it. */
export interface StoredEvent {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  /** Place in its own stream, from 0. */
  readonly revision: bigint;
  /** Commit position in the whole log; strictly increasing. */
  readonly position: bigint;
  readonly data: unknown;
  readonly metadata: unknown;
}
