import type { Job } from '../../conversion-job/job.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import type { Queryable } from '../../read-store/pool.ts';
import type { RowsBeside } from '../../read-tables/jobs/rows-beside.ts';

/** Streams read at the same time. */
const STREAMS_AT_ONCE = 8;
/** Differences that are told unless another number is asked for. */
export const DIFFERENCES_MAX = 20;

export interface Difference {
  /** The job, the stream or the figure that differs. */
  readonly subject: string;
  readonly kind:
    | 'row differs'
    | 'row is behind'
    | 'row without a job'
    | 'job without a row'
    | 'timeline differs'
    /** In a table beside `jobs`. */
    | `rows of ${string} differ`
    | 'stream not counted'
    | 'figure differs';
  /** What the log says, and what the table says. */
  readonly expected: unknown;
  readonly found: unknown;
}

export interface Verified {
  /** Jobs, or streams, that were compared. */
  readonly checked: number;
  /** The first differences, at most as many as were asked for. */
  readonly differences: readonly Difference[];
  /** Up to where the tables were compared. */
  readonly position: bigint;
}

export interface VerifyOptions {
  readonly log: Pick<EventLog, 'readAll' | 'readStream'>;
  readonly store: Queryable;
  /** Jobs that were folded already, by id, which saves reading the streams of those whose rows are the same. */
  readonly folded?: ReadonlyMap<string, Job>;
  /** The rows of those jobs in the tables beside `jobs`. */
  readonly rowsBeside?: ReadonlyMap<string, RowsBeside>;
  /** Stops after so many; `DIFFERENCES_MAX` unless told. */
  readonly differencesMax?: number;
  readonly signal?: AbortSignal;
  /** How many rows, or events, were looked at. */
  readonly onProgress?: (done: number) => void;
}

/** Tells how far a comparison is. @throws the signal's reason */
export function tellProgress({ signal, onProgress }: VerifyOptions, done: number): void {
  signal?.throwIfAborted();
  onProgress?.(done);
}

/** Works on a few streams at a time; the results are in the order of the items. */
export async function inParallel<In, Out>(
  items: readonly In[],
  work: (item: In) => Promise<Out>,
): Promise<Out[]> {
  const results: Out[] = [];
  for (let start = 0; start < items.length; start += STREAMS_AT_ONCE)
    results.push(...(await Promise.all(items.slice(start, start + STREAMS_AT_ONCE).map(work))));

  return results;
}
