import { backoffDelayMs } from '../schemas/backoff.ts';
import type { Settings } from '../schemas/settings/config.ts';
import type { JobFailureCode } from '../schemas/errors/error-codes.ts';

/** The limits for the decision about another attempt. The settings have the same names. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  readonly jobTimeoutMs: number;
}

/** Number of attempts allowed in total, by failure code (R06.01, R06.04, I12). */
export function attemptsAllowed(code: JobFailureCode, policy: RetryPolicy): number {
  switch (code) {
    case 'GW_4XX':
    case 'JOB_TIMEOUT':
      return 1;
    case 'IO_ERROR':
      return Math.min(2, policy.maxAttempts);
    case 'GW_5XX':
    case 'GW_TIMEOUT':
    case 'GW_UNREACHABLE':
    case 'GW_BAD_OUTPUT':
    case 'ABANDONED':
      return policy.maxAttempts;
    default:
      return code satisfies never;
  }
}

/**
 * Computes the wait before the next attempt, in ms. It is a random part of a window that doubles with each attempt, up
 * to the policy's limit. A wait that the gateway asked for (`Retry-After`) is a lower bound, up to the same limit.
 * @param attempts attempts made so far, 1 or more
 * @param jitter uniform in [0, 1)
 */
export function backoffMs(
  attempts: number,
  jitter: number,
  retryAfterMs: number | null,
  policy: RetryPolicy,
): number {
  const backoff = { firstMs: policy.backoffMs, maxMs: policy.backoffMaxMs };
  const askedMs = Math.min(retryAfterMs ?? 0, policy.backoffMaxMs);
  return Math.round(Math.max(askedMs, backoffDelayMs(backoff, attempts, jitter)));
}

/** The policy from the settings. */
export function retryPolicyOf(
  settings: Pick<
    Settings,
    'RETRY_MAX_ATTEMPTS' | 'RETRY_BACKOFF_MS' | 'RETRY_BACKOFF_MAX_MS' | 'JOB_TIMEOUT_SEC'
  >,
): RetryPolicy {
  return {
    maxAttempts: settings.RETRY_MAX_ATTEMPTS,
    backoffMs: settings.RETRY_BACKOFF_MS,
    backoffMaxMs: settings.RETRY_BACKOFF_MAX_MS,
    jobTimeoutMs: settings.JOB_TIMEOUT_SEC * 1000,
  };
}
