import type { ReadStore } from '../../read-store/pool.ts';
import { CLAIM_RANKED, RANK_AND_CLAIM } from './claim-statement.ts';
import { jobOfSnapshot } from './snapshot.ts';
import type { ClaimedItem } from './work-list.ts';

/**
 * Fewest places of one ranking; a larger claim ranks twice as many jobs as it takes. More places hardly take more
 * time. A processor with very short jobs begins about this many jobs before the ranking is too old.
 */
const RANKING_PLACES_MIN = 128;
/** A ranking older than this is made again, because waiting times and running jobs have changed. */
const RANKING_AGE_MS_MAX = 100;

interface ClaimRow {
  readonly job_id: string;
  readonly owner: string | null;
  readonly revision: string;
  readonly not_before: Date | null;
  readonly snapshot: string | null;
}

/**
 * Claims jobs so that owners take turns. A ranking takes many times as long as a reservation, so under load one
 * ranking serves several claims. A claim skips jobs that another worker has taken meanwhile.
 */
export function fairClaims(
  store: Pick<ReadStore, 'prepared'>,
): (workerId: string, max: number, reserveMs: number) => Promise<ClaimedItem[]> {
  let ranking: { next: string[]; freshUntilMs: number } = { next: [], freshUntilMs: 0 };

  const claimRanked = async (workerId: string, max: number, reserveMs: number): Promise<ClaimedItem[]> => {
    const { next, freshUntilMs } = ranking;
    if (next.length === 0 || performance.now() > freshUntilMs) return [];
    const asked = next.slice(0, max);
    ranking = { next: next.slice(max), freshUntilMs };
    const { rows } = await store.prepared<ClaimRow>(CLAIM_RANKED, [workerId, max, reserveMs, asked]);
    return rows.map(itemOf);
  };

  const rankAndClaim = async (workerId: string, max: number, reserveMs: number): Promise<ClaimedItem[]> => {
    const places = Math.max(RANKING_PLACES_MIN, 2 * max);
    const { rows } = await store.prepared<ClaimRow>(RANK_AND_CLAIM, [workerId, max, reserveMs, places]);
    const next = rows.filter((row) => row.owner === null).map((row) => row.job_id);
    ranking = { next, freshUntilMs: performance.now() + RANKING_AGE_MS_MAX };
    return rows.filter((row) => row.owner !== null).map(itemOf);
  };

  return async (workerId, max, reserveMs) => {
    const claimed = await claimRanked(workerId, max, reserveMs);
    if (claimed.length >= max) return claimed;
    return [...claimed, ...(await rankAndClaim(workerId, max - claimed.length, reserveMs))];
  };
}

function itemOf(row: ClaimRow): ClaimedItem {
  return {
    jobId: row.job_id,
    owner: row.owner ?? '',
    revision: BigInt(row.revision),
    notBefore: row.not_before?.toISOString() ?? null,
    known: jobOfSnapshot(row.snapshot),
  };
}
