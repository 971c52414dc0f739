import type { StandingFigures } from '../../schemas/protocols/dashboard-api.ts';
import type { z } from 'zod';
import type { JobFailureCode } from '../../schemas/errors/error-codes.ts';
import { isActive, JOB_STATES, type JobStateName } from '../../schemas/job-states.ts';
import type { StoredFigure } from './flow-figures.ts';

export type Standing = z.output<typeof StandingFigures>;

/** The last transition of one processor's circuit breaker. */
export interface BreakerState {
  readonly processorId: string;
  readonly opened: boolean;
  readonly at: string;
  readonly failures: number | null;
  readonly lastCode: string | null;
}

/** Computes the state at a moment from the sums of all figures up to this moment. */
export function standingFigures(
  stored: readonly StoredFigure[],
  breakers: readonly BreakerState[],
  times: { readonly oldestActiveSince: string | null; readonly lastRemovalAt: string | null },
): Standing {
  const { byState, failedByCode } = jobsByPlace(stored);
  const of = (name: string) => stored.find(([figure]) => figure === name)?.[2] ?? 0;
  const active = JOB_STATES.filter(isActive).reduce((sum, state) => sum + byState[state], 0);
  return {
    jobs: {
      byState,
      failedByCode,
      active,
      oldestActiveSince: times.oldestActiveSince,
      total: JOB_STATES.reduce((sum, state) => sum + byState[state], 0),
      queueDepth: byState.queued + byState.waiting,
    },
    storage: {
      source: { files: of('source_files'), bytes: of('source_bytes') },
      result: { files: of('result_files'), bytes: of('result_bytes') },
    },
    breaker: breakerOf(breakers),
    lastRemovalAt: times.lastRemovalAt,
  };
}

/** Counts a failed job at `failed:CODE`, and every other job at its state. */
function jobsByPlace(stored: readonly StoredFigure[]) {
  const byState = Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as Record<JobStateName, number>;
  const failedByCode: Partial<Record<JobFailureCode, number>> = {};
  for (const [figure, place, jobs] of stored) {
    if (figure !== 'jobs' || jobs === 0) continue;
    const [state, code] = place.split(':') as [JobStateName, JobFailureCode | undefined];
    byState[state] += jobs;
    if (code !== undefined) failedByCode[code] = jobs;
  }
  return { byState, failedByCode };
}

function breakerOf(breakers: readonly BreakerState[]): Standing['breaker'] {
  const open = breakers.filter(({ opened }) => opened).toSorted((a, b) => (a.at < b.at ? -1 : 1));
  const [first] = open;
  return {
    state: first ? 'open' : 'closed',
    since: first?.at ?? null,
    reason: first
      ? `${first.failures ?? 0} gateway failures in a short time, the last one ${first.lastCode ?? 'unknown'}`
      : null,
    processors: open.map(({ processorId, at, failures, lastCode }) => ({
      processorId,
      since: at,
      failures: failures ?? 0,
      lastCode: lastCode ?? '',
    })),
  };
}
