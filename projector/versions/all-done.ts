/**
 * Waits until every work has ended, so that nothing runs any more when one has failed.
 * @throws the error of the first work that failed, in the order of the list
 */
export async function allDone(works: readonly Promise<unknown>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(works))
    if (outcome.status === 'rejected') throw outcome.reason;
}
