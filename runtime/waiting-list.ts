import type { WaitingFor } from './service.ts';

/** Something that is waited for now, before it is known since when. */
export type WaitingNow = Pick<WaitingFor, 'dependency' | 'why'> & Partial<Pick<WaitingFor, 'at' | 'final'>>;

/**
 * Returns a function that adds to each awaited dependency since when it is awaited. The instant stays the same for as
 * long as the dependency stays in the list.
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
