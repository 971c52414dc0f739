import type { Job } from '../../conversion-job/job.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import type { Queryable } from '../../read-store/pool.ts';
import type { RelatedRows } from '../../read-tables/jobs/related-rows.ts';

/** Number of streams that are read at the same time. */
const STREAMS_AT_ONCE = 8;
/** Default limit of the reported differences. */
export const DIFFERENCES_MAX = 20;

export interface Difference {
  /** The job, stream or figure that differs. */
  readonly subject: string;
  readonly kind:
    | 'row differs'
    | 'row is behind'
    | 'row without a job'
    | 'job without a row'
    | 'timeline differs'
    /** Rows of a table beside `jobs` differ. */
    | `rows of ${string} differ`
    | 'stream not counted'
    | 'figure differs';
  /** The values according to the log and according to the table. */
  readonly expected: unknown;
  readonly found: unknown;
}

export interface Verified {
  /** Number of jobs or streams compared. */
  readonly checked: number;
  /** The first differences, up to the requested number. */
  readonly differences: readonly Difference[];
  /** The position up to which the tables were compared. */
  readonly position: bigint;
}

export interface VerifyOptions {
  readonly log: Pick<EventLog, 'readAll' | 'readStream'>;
  readonly store: Queryable;
  /** Jobs that the caller has already folded, by id. If their rows are equal, their streams need not be read. */
  readonly folded?: ReadonlyMap<string, Job>;
  /** The rows of these jobs in the other tables of the projection. */
  readonly relatedRows?: ReadonlyMap<string, RelatedRows>;
  /** Stops after this many differences; the default is `DIFFERENCES_MAX`. */
  readonly differencesMax?: number;
  readonly signal?: AbortSignal;
  /** Called with the number of rows or events compared so far. */
  readonly onProgress?: (done: number) => void;
}

/**
 * Reports the progress of a comparison.
 * @throws the signal's reason
 */
export function tellProgress({ signal, onProgress }: VerifyOptions, done: number): void {
  signal?.throwIfAborted();
  onProgress?.(done);
}

/** Works on a few items at a time. The results have the order of the items. */
export async function inParallel<In, Out>(
  items: readonly In[],
  work: (item: In) => Promise<Out>,
): Promise<Out[]> {
  const results: Out[] = [];
  for (let start = 0; start < items.length; start += STREAMS_AT_ONCE)
    results.push(...(await Promise.all(items.slice(start, start + STREAMS_AT_ONCE).map(work))));

  return results;
}
