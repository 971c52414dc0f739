import type { ReadStore } from '../../read-store/pool.ts';
import { APPLY, columnsOf, CORRECT } from './apply-statement.ts';
import { fairClaims } from './claims.ts';
import {
  BEAT,
  COUNTS,
  DROP_FEED,
  ENLIST,
  HELD,
  HOLD_FEED,
  LEASES_OF,
  LEAVE,
  LOST_LEASES,
  OFFER_DUE,
  RETURN_PERMITS,
  TAKE_PERMITS,
  UNTOUCHED,
} from './liveness-statements.ts';
import { FeedLost, type LostLease, type WorkList } from './work-list.ts';

/** The work list in Postgres, one statement a method. */
export function postgresWorkList(store: ReadStore): WorkList {
  const rows = async <Row extends object>(text: string, values: readonly unknown[] = []) =>
    (await store.prepared<Row>(text, values)).rows;

  return {
    enlist: async (processorId, workerId) => void (await rows(ENLIST, [processorId, workerId])),
    beat: async (processorId, workerId) => (await rows(BEAT, [processorId, workerId])).length > 0,
    leave: async (workerId) => void (await rows(LEAVE, [workerId])),

    holdFeed: async (processorId, workerId, ttlMs) => {
      const [held] = await rows<{ epoch: string; position: string | null }>(HOLD_FEED, [
        processorId,
        workerId,
        ttlMs,
      ]);
      if (held === undefined) return null;
      return {
        epoch: BigInt(held.epoch),
        position: held.position === null ? 'start' : BigInt(held.position),
      };
    },
    dropFeed: async (workerId) => void (await rows(DROP_FEED, [workerId])),
    apply: async (changes, from, to, epoch) => {
      const left = from === 'start' ? null : from.toString();
      const values = [...columnsOf(changes), to.toString(), epoch.toString(), left];
      const [answer] = await rows<{ moved: number }>(APPLY, values);
      if (answer?.moved !== 1) throw new FeedLost(epoch);
    },
    correct: async (changes) => void (await rows(CORRECT, columnsOf(changes))),

    claim: fairClaims(store),
    release: async (workerId, jobIds) => void (await rows(RELEASE, [workerId, jobIds])),
    offerDue: async (silentMs) => (await rows<{ offered: number }>(OFFER_DUE, [silentMs]))[0]?.offered ?? 0,

    lostLeases: async (silentMs, trustSilence, max) => {
      const lost = await rows<{ job_id: string; fencing_token: string; cause: LostLease['cause'] }>(
        LOST_LEASES,
        [silentMs, trustSilence, max],
      );
      return lost.map((row) => ({ jobId: row.job_id, fencingToken: row.fencing_token, cause: row.cause }));
    },
    leasesOf: async (workerId) => {
      const leases = await rows<{ job_id: string; fencing_token: string }>(LEASES_OF, [workerId]);
      return leases.map((row) => ({ jobId: row.job_id, fencingToken: row.fencing_token }));
    },
    untouched: async (untouchedMs, max) => jobIds(await rows(UNTOUCHED, [untouchedMs, max])),
    held: async (max) => jobIds(await rows(HELD, [max])),
    counts: async () => {
      const counts = { offered: 0, claimed: 0, running: 0, later: 0, held: 0 };
      const found = await rows<{ place: keyof typeof counts | 'done'; jobs: number }>(COUNTS);
      for (const { place, jobs } of found) if (place !== 'done') counts[place] = jobs;
      return counts;
    },

    takePermits: async (max, perSecond) => {
      const [bucket] = await rows<{ granted: number; tokens: number }>(TAKE_PERMITS, [max, perSecond]);
      const { granted, tokens } = bucket ?? { granted: 0, tokens: 0 };
      return { granted, waitMs: Math.max(1, Math.ceil(((1 - tokens) / perSecond) * 1000)) };
    },
    returnPermits: async (count) => void (await rows(RETURN_PERMITS, [count])),
  };
}

/** $1 worker, $2 jobs. */
const RELEASE = `
update processor.work_items set place = 'offered', worker_id = null, claimed_until = null, touched_at = now()
where place = 'claimed' and worker_id = $1 and job_id = any($2::uuid[])`;

function jobIds(found: readonly { job_id: string }[]): string[] {
  return found.map((row) => row.job_id);
}
