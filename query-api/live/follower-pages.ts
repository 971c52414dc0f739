import { CodedError } from '../../schemas/errors/coded-error.ts';
import type { PageRead } from './catch-up.ts';
import type { Follower } from './connection.ts';
import { operatorPage } from './operator-rows.ts';
import { PAGE_ROWS_MAX, type ReadOwnerPages, type ReadPage } from '../change-feed/page-reader.ts';
import type { Page } from '../change-feed/page.ts';

/** The job does not exist, or it belongs to another owner. */
export class NoSuchJob extends CodedError {
  readonly code = 'NOT_FOUND';

  constructor() {
    super('There is no such job.');
  }
}

/** The sources of the followers' pages. */
export interface PageSources {
  readonly readPage: ReadPage;
  readonly readOwnerPages: ReadOwnerPages;
  readonly readFigures: () => Promise<Page>;
  /** Tells whether the job in the log belongs to the owner. It is called when the read tables do not know the job. */
  readonly ownsJob: (owner: string, jobId: string) => Promise<boolean>;
}

/**
 * Reads the next page of each follower. One statement reads the pages of all owners' queues. Each follower gets its
 * own error.
 */
export function followerPages(sources: PageSources): (followers: readonly Follower[]) => Promise<PageRead[]> {
  return async (followers) => {
    const asked = followers.flatMap(({ scope, state }) =>
      scope.kind === 'owner' ? [{ owner: scope.owner, past: state.position }] : [],
    );
    const together = asked.length === 0 ? Promise.resolve([]) : sources.readOwnerPages(asked, PAGE_ROWS_MAX);
    let taken = 0;
    const pages = followers.map((follower) => {
      if (follower.scope.kind !== 'owner') return readAlone(sources, follower);
      const at = taken;
      taken += 1;
      return together.then((read) => read[at]!);
    });
    const settled = await Promise.allSettled(pages);
    return settled.map((outcome) =>
      outcome.status === 'fulfilled' ? { page: outcome.value } : { error: outcome.reason as unknown },
    );
  };
}

async function readAlone(
  { readPage, readFigures, ownsJob }: PageSources,
  { scope, state }: Follower,
): Promise<Page> {
  if (scope.kind === 'metrics') return readFigures();
  const page = await readPage(scope, state.position, PAGE_ROWS_MAX);
  if (scope.kind === 'everyone') return operatorPage(page);
  const isUnseen = scope.kind === 'job' && page.rows.length === 0 && state.phase === 'snapshot';
  if (isUnseen && !(await ownsJob(scope.owner, scope.jobId))) throw new NoSuchJob();
  return page;
}
