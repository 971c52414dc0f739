/**
 * The ids of the newest events. With them the store recognises an append that expects any revision and comes twice,
 * so it writes such an append only once. The list has a bound, as in EventStoreDB, and starts empty. So an append
 * that is repeated after very many others is written again.
 */
export interface RecentIds {
  /** The ordinal of the event with this id, or -1. */
  readonly find: (id: string) => number;
  readonly remember: (id: string, ordinal: number) => void;
}

/**
 * @param newest the ordinals and ids of the newest events of this process. Called once, at the first use. So when all
 * writers name a revision, this work is never done.
 */
export function openRecentIds(bound: number, newest: () => Iterable<readonly [string, number]>): RecentIds {
  let known: Map<string, number> | null = null;

  const remember = (ids: Map<string, number>, id: string, ordinal: number): void => {
    const [oldest] = ids.keys();
    if (oldest !== undefined && ids.size >= bound) ids.delete(oldest);
    ids.set(id, ordinal);
  };

  return {
    find: (id) => {
      if (known === null) {
        known = new Map();
        for (const [newId, ordinal] of newest()) remember(known, newId, ordinal);
      }
      return known.get(id) ?? -1;
    },
    remember: (id, ordinal) => {
      if (known !== null) remember(known, id, ordinal);
    },
  };
}
