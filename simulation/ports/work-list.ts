import type { WorkList } from '../../processor/work-list/work-list.ts';
import { ReadStoreUnavailable } from '../../read-store/read-store-errors.ts';
import { ask } from '../engine/network.ts';
import type { Life, World } from '../engine/world.ts';
import type { WorkListServer } from './work-list-server.ts';

const TIMEOUT_MS = 400;

/** The work list for one run of a process. */
export function simulatedWorkList(world: World, life: Life, server: WorkListServer): WorkList {
  const asking = <T>(
    what: string,
    effect: () => T,
    { changes = true, isNews }: { changes?: boolean; isNews?: (answer: T) => boolean } = {},
  ): Promise<T> => {
    const unavailable = (): Error => new ReadStoreUnavailable('no answer in time');
    return ask(world, life, {
      what: `work list: ${what}`,
      changes,
      effect,
      timeoutMs: TIMEOUT_MS,
      unavailable,
      ...(isNews && { isNews }),
    });
  };
  return {
    enlist: (processorId, workerId) => asking('enlist', () => server.enlist(processorId, workerId)),
    beat: (processorId, workerId, restMs) =>
      asking('beat', () => server.beat(processorId, workerId, restMs), { changes: false }),
    leave: (workerId) => asking('leave', () => server.leave(workerId)),
    holdFeed: (processorId, workerId, ttlMs) =>
      asking('hold feed', () => server.holdFeed(processorId, workerId, ttlMs), { changes: false }),
    standing: () => asking('read where it stands', () => server.standing(), { changes: false }),
    dropFeed: (workerId) => asking('drop feed', () => server.dropFeed(workerId)),
    apply: (changes, move, epoch) => {
      const what = `apply ${changes.map(({ jobId, placement }) => `${jobId} ${placement.place}`).join(', ')} to ${move.to}`;
      return asking(what, () => server.apply(changes, move, epoch));
    },
    startOver: (epoch) => asking('start over', () => server.startOver(epoch)),
    rebuilt: () => Promise.resolve(),
    quarantine: (held) => asking('quarantine', () => server.quarantine(held)),
    letGo: (streams) => asking('let go', () => server.letGo(streams)),
    revisionOf: (jobId) => asking('read a revision', () => server.revisionOf(jobId), { changes: false }),
    correct: (corrections) =>
      asking(
        `correct ${corrections.map(({ jobId, placement }) => `${jobId} ${placement.place}`).join(', ')}`,
        () => server.correct(corrections),
      ),
    claim: (workerId, max, reserveMs) =>
      asking(`claim ${max}`, () => server.claim(workerId, max, reserveMs), { isNews: isAny }),
    release: (workerId, jobIds) => asking('release', () => server.release(workerId, jobIds)),
    offerDue: (silentMs) =>
      asking('offer due', () => server.offerDue(silentMs), {
        changes: false,
        isNews: ({ offered }) => offered > 0,
      }),
    lostLeases: (silentMs, trust, max) =>
      asking('lost leases', () => server.lostLeases(silentMs, trust, max), { changes: false, isNews: isAny }),
    leasesOf: (workerId) => asking('own leases', () => server.leasesOf(workerId), { changes: false }),
    untouched: (untouchedMs, max) =>
      asking('untouched', () => server.untouched(untouchedMs, max), { changes: false }),
    held: (max) => asking('held', () => server.held(max), { changes: false }),
    counts: () => asking('count', () => server.counts(), { changes: false }),
    takePermits: (max) => Promise.resolve({ granted: max, waitMs: 1 }),
    returnPermits: () => Promise.resolve(),
  };
}

function isAny(list: readonly unknown[]): boolean {
  return list.length > 0;
}
