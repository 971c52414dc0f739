import type { BatchAnswer } from '../../../schemas/protocols/http-api.ts';
import type { SelectionAnswer } from '../../../schemas/protocols/ops-api.ts';
import { askJson, postJson } from '../live/api.ts';

/** Failed jobs of one code and reason, frozen at the log's position of the request. */
export interface FrozenSelection {
  readonly code: string;
  readonly reason: string | null;
  /** The time at which the selection was frozen, by this browser's clock (ms since 1970). */
  readonly atMs: number;
  readonly first: SelectionAnswer;
}

export interface RetryProgress {
  /** Number of jobs that are queued again. */
  readonly queued: number;
  /** Number of jobs that were not queued, because their state has changed or they cannot be retried. */
  readonly refused: number;
}

/** Limit of the pages that one press retries. The operator presses again for further pages. */
const PAGES_MAX = 200;
/** Stands for "without a reason" in the query. A query without this value means every reason. */
const NO_REASON = 'NONE';

function pagePath(code: string, reason: string | null, more: Readonly<Record<string, string>>): string {
  const params = new URLSearchParams({ code, reason: reason ?? NO_REASON, ...more });
  return `/api/ops/failures/selection?${params.toString()}`;
}

/** Requests the selection of jobs to retry. Jobs that fail later are not in it. */
export async function freeze(code: string, reason: string | null): Promise<FrozenSelection> {
  const first = await askJson<SelectionAnswer>(pagePath(code, reason, {}));
  return { code, reason, atMs: Date.now(), first };
}

/**
 * Retries the whole selection, page by page. `tell` receives the progress.
 * @throws ApiFailure when a page fails. The retries of the earlier pages remain
 */
export async function retrySelection(
  { code, reason, first }: FrozenSelection,
  tell: (progress: RetryProgress) => void,
): Promise<RetryProgress> {
  let progress: RetryProgress = { queued: 0, refused: 0 };
  let page = first;
  for (let count = 0; count < PAGES_MAX; count += 1) {
    if (page.jobIds.length > 0) {
      const { results } = await postJson<BatchAnswer>('/api/ops/jobs/retry', { jobIds: page.jobIds });
      const refused = results.filter((result) => 'error' in result).length;
      progress = {
        queued: progress.queued + results.length - refused,
        refused: progress.refused + refused,
      };
      tell(progress);
    }
    if (page.next === null) break;
    page = await askJson<SelectionAnswer>(
      pagePath(code, reason, { position: first.position, after: page.next }),
    );
  }
  return progress;
}
