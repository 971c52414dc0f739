import type { WaitingFor } from './service.ts';

/** A dependency that a service waits for, without the time at which the wait began. */
export type WaitingNow = Pick<WaitingFor, 'dependency' | 'why'> & Partial<Pick<WaitingFor, 'at' | 'final'>>;

/**
 * Returns a function that adds to each dependency the instant at which the wait began. The instant stays the same while
 * the dependency stays in the list.
 *
 * @param now milliseconds since the Unix epoch
 */
export function waitingList(
  now: () => number = Date.now,
): (waiting: readonly WaitingNow[]) => readonly WaitingFor[] {
  let since: ReadonlyMap<string, string> = new Map();
  return (waiting) => {
    const instant = new Date(now()).toISOString();
    since = new Map(waiting.map(({ dependency }) => [dependency, since.get(dependency) ?? instant]));
    return waiting.map(({ dependency, why, at = null, final = false }) => ({
      dependency,
      at,
      why,
      final,
      since: since.get(dependency) ?? instant,
    }));
  };
}
