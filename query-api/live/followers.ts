import type { Follower } from './connection.ts';
import type { ChangedRow } from '../change-feed/page.ts';

/** Rows for one follower. Followers that get the same rows share the same list object. */
export type Deliver = (follower: Follower, rows: readonly ChangedRow[]) => void;

const NOBODY: ReadonlySet<Follower> = new Set();

export function createFollowers() {
  const byKey = new Map<string, Set<Follower>>();
  let count = 0;
  const of = (key: string): ReadonlySet<Follower> => byKey.get(key) ?? NOBODY;
  return {
    add: (follower: Follower) => {
      const key = keyOf(follower);
      const others = byKey.get(key) ?? new Set();
      byKey.set(key, others.add(follower));
      count += 1;
    },
    remove: (follower: Follower) => {
      const key = keyOf(follower);
      const others = byKey.get(key);
      if (!others?.delete(follower)) return;
      count -= 1;
      if (others.size === 0) byKey.delete(key);
    },
    size: () => count,
    /** Followers of the figures, which another part serves. */
    ofMetrics: () => of('metrics'),
    all: function* () {
      for (const followers of byKey.values()) yield* followers;
    },
    deliver: (rows: readonly ChangedRow[], deliver: Deliver) => {
      for (const follower of of('everyone')) deliver(follower, rows);
      const byOwner = new Map<string, ChangedRow[]>();
      for (const row of rows) {
        const ofOwner = byOwner.get(row.owner);
        if (ofOwner) ofOwner.push(row);
        else if (byKey.has(`owner:${row.owner}`)) byOwner.set(row.owner, [row]);
        const followers = of(`job:${row.owner}:${row.key}`);
        if (followers.size > 0) for (const follower of followers) deliver(follower, [row]);
      }
      for (const [owner, ofOwner] of byOwner)
        for (const follower of of(`owner:${owner}`)) deliver(follower, ofOwner);
    },
  };
}

/** The followers of each topic, so that the work for a change grows only with its followers. */
export type Followers = ReturnType<typeof createFollowers>;

function keyOf({ scope }: Follower): string {
  switch (scope.kind) {
    case 'owner':
      return `owner:${scope.owner}`;
    case 'job':
      return `job:${scope.owner}:${scope.jobId}`;
    case 'everyone':
    case 'metrics':
      return scope.kind;
    default:
      return scope satisfies never;
  }
}
