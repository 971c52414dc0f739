import type { Log } from '../log.ts';
import { outageLog, type OutageLog } from '../outage-log.ts';

/** Requests fail no more when none has failed for so long. */
const OVER_AFTER_MS = 60_000;
/** Reasons that are counted apart; more are counted together. */
const CODES_MAX = 16;

/**
 * Counts the requests that are answered 503, by the code of the reason: a line when they begin, one a minute with the
 * number, one when there have been none for a minute. A busy visitor of a house without its store writes no more.
 */
export function requestOutages(log: Log): Pick<OutageLog, 'failed'> {
  const outages = new Map<string, { readonly lines: OutageLog; over: NodeJS.Timeout }>();
  return {
    failed: (error) => {
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      const { code: given } = cause as { code?: unknown };
      const named = typeof given === 'string' ? given : 'UNAVAILABLE';
      const code = outages.has(named) || outages.size < CODES_MAX ? named : 'UNAVAILABLE';
      const known = outages.get(code);
      const lines = known?.lines ?? outageLog(log, `requests are answered 503 (${code})`);
      clearTimeout(known?.over);
      const over = setTimeout(() => {
        outages.delete(code);
        lines.worked();
      }, OVER_AFTER_MS).unref();
      outages.set(code, { lines, over });
      lines.failed(error);
    },
  };
}
