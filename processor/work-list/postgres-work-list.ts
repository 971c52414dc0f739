import type { ReadStore } from '../../read-store/pool.ts';
import { holdStreams } from '../../read-store/projection-engine/quarantine.ts';
import type { LogMark } from '../../schemas/events/log-mark.ts';
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
  LET_GO,
  LOST_LEASES,
  OFFER_DUE,
  REBUILT,
  RELEASE,
  RETURN_PERMITS,
  REVISION_OF,
  START_OVER,
  TAKE_PERMITS,
  UNTOUCHED,
} from './liveness-statements.ts';
import { FeedLost, type LostLease, type Offering, type WorkList } from './work-list.ts';

/** The name in `docket.quarantine` for the list's held streams. The projections have other names there. */
export const WORK_LIST_LEDGER = { ledger: 'work-list', version: 1 };

interface StoredFeed {
  readonly position: string | null;
  readonly log_id: string | null;
  readonly event_id: string | null;
  readonly event_position: string | null;
}

function markOf({ log_id: logId, event_id: eventId, event_position: position }: StoredFeed): LogMark | null {
  return logId === null || eventId === null || position === null
    ? null
    : { logId, eventId, position: BigInt(position) };
}

/** The work list in Postgres: each method runs one statement. */
export function postgresWorkList(store: ReadStore): WorkList {
  const rows = async <Row extends object>(text: string, values: readonly unknown[] = []) =>
    (await store.prepared<Row>(text, values)).rows;

  return {
    enlist: async (processorId, workerId) => void (await rows(ENLIST, [processorId, workerId])),
    beat: async (processorId, workerId, restMs) =>
      (await rows(BEAT, [processorId, workerId, restMs])).length > 0,
    leave: async (workerId) => void (await rows(LEAVE, [workerId])),

    holdFeed: async (processorId, workerId, ttlMs) => {
      const [held] = await rows<StoredFeed & { epoch: string }>(HOLD_FEED, [processorId, workerId, ttlMs]);
      if (held === undefined) return null;
      return {
        epoch: BigInt(held.epoch),
        position: held.position === null ? 'start' : BigInt(held.position),
        mark: markOf(held),
      };
    },
    standing: async () => {
      const [feed] = await rows<StoredFeed>(STANDING);
      const position = feed?.position ?? null;
      return {
        position: position === null ? 'start' : BigInt(position),
        mark: feed === undefined ? null : markOf(feed),
      };
    },
    dropFeed: async (workerId) => void (await rows(DROP_FEED, [workerId])),
    apply: async (changes, { from, to, mark }, epoch) => {
      const [left, next] = [from, to].map((position) => (position === 'start' ? null : position.toString()));
      const stands = [mark?.logId ?? null, mark?.eventId ?? null, mark?.position.toString() ?? null];
      const values = [...columnsOf(changes), next, epoch.toString(), left, ...stands];
      const [answer] = await rows<{ moved: number }>(APPLY, values);
      if (answer?.moved !== 1) throw new FeedLost(epoch);
    },
    startOver: async (epoch, until, why) => {
      const values = [epoch.toString(), until.toString(), why];
      const [answer] = await rows<{ moved: number }>(START_OVER, values);
      if (answer?.moved !== 1) throw new FeedLost(epoch);
    },
    rebuilt: async (epoch) => void (await rows(REBUILT, [epoch.toString()])),
    quarantine: (held) => holdStreams(store, WORK_LIST_LEDGER, held),
    letGo: async (streams) => void (await rows(LET_GO, [streams])),
    revisionOf: async (jobId) => {
      const [row] = await rows<{ revision: string }>(REVISION_OF, [jobId]);
      return row === undefined ? null : BigInt(row.revision);
    },
    correct: async (corrections) => {
      const before = corrections.map(({ rowRevision }) => rowRevision?.toString() ?? null);
      await rows(CORRECT, [...columnsOf(corrections), before]);
    },

    claim: fairClaims(store),
    release: async (workerId, jobIds) => void (await rows(RELEASE, [workerId, jobIds])),
    offerDue: async (silentMs) => offeringOf(await rows(OFFER_DUE, [silentMs])),

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

const STANDING = `select position, log_id, event_id, event_position from processor.feed where name = 'work-list'`;

function jobIds(found: readonly { job_id: string }[]): string[] {
  return found.map((row) => row.job_id);
}

function offeringOf([found]: readonly { offered: number; is_waited_for: boolean }[]): Offering {
  return { offered: found?.offered ?? 0, isWaitedFor: found?.is_waited_for ?? true };
}
