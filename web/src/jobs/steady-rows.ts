import { useRef, useState } from 'preact/hooks';
import type { JobView } from '../../../schemas/http-api.ts';
import type { QueueState } from './queue-state.ts';
import type { QueueQuery } from './queue-query.ts';

export interface SteadyRows {
  readonly rows: readonly JobView[];
  /** Number of new documents that stay hidden until the pointer or the keyboard focus has left the list. */
  readonly held: number;
  readonly hold: () => void;
  readonly release: () => void;
}

/**
 * Rows that do not move away from the pointer. While the pointer is on the list, rows change in place, but none
 * moves, disappears or appears. After a new search, filter or sort, rows may move again.
 */
export function useSteadyRows({ jobs, view }: QueueState): SteadyRows {
  const held = useRef<{
    readonly query: QueueQuery;
    readonly jobIds: readonly string[];
    readonly known: ReadonlySet<string>;
  } | null>(null);
  const [, redraw] = useState(0);
  if (held.current !== null && held.current.query !== view.query) held.current = null;

  const frozen = held.current;
  return {
    rows:
      frozen === null
        ? view.rows
        : frozen.jobIds.map((jobId) => jobs.get(jobId)).filter((job) => job !== undefined),
    held:
      frozen === null ? 0 : view.rows.reduce((sum, { jobId }) => sum + (frozen.known.has(jobId) ? 0 : 1), 0),
    hold() {
      if (held.current !== null) return;
      const jobIds = view.rows.map(({ jobId }) => jobId);
      held.current = { query: view.query, jobIds, known: new Set(jobIds) };
    },
    release() {
      if (held.current === null) return;
      held.current = null;
      redraw((count) => count + 1);
    },
  };
}
