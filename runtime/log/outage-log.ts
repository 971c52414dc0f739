import { codeOf } from '../../schemas/errors/coded-error.ts';
import type { Log } from './log.ts';

/** The log repeats a continuing outage after this time. */
const SAID_EVERY_MS = 60_000;

/**
 * Bounds the log lines of an outage. It writes one line at the beginning and one at the end. Between them it writes one
 * line each minute, with the number of failures.
 *
 * @param what a sentence without full stop, such as `the read tables cannot be followed`
 * @param options `now` is monotonic, in milliseconds; `alert` is a field of each line except the last
 */
export function outageLog(
  logger: Pick<Log, 'info' | 'warn'>,
  what: string,
  options: { readonly now?: () => number; readonly alert?: string } = {},
) {
  const { now = () => performance.now(), alert } = options;
  let outage: { readonly sinceMs: number; failures: number; saidAtMs: number; unsaid: number } | null = null;
  return {
    /**
     * Reports a failure. Logs a line for the first failure, then one line a minute with the number of failures since
     * the last line.
     */
    failed: (error: unknown) => {
      const atMs = now();
      if (outage === null) {
        outage = { sinceMs: atMs, failures: 1, saidAtMs: atMs, unsaid: 0 };
        return logger.warn({ why: reasonOf(error), code: codeOf(error), alert }, `${what}; Docket retries`);
      }
      outage.failures += 1;
      outage.unsaid += 1;
      if (atMs - outage.saidAtMs < SAID_EVERY_MS) return;
      const forSec = Math.round((atMs - outage.sinceMs) / 1000);
      logger.warn(
        { why: reasonOf(error), code: codeOf(error), alert, failures: outage.unsaid, forSec },
        `${what}; Docket still retries`,
      );
      outage.saidAtMs = atMs;
      outage.unsaid = 0;
    },
    /** Reports a success. Logs one line if there was an outage. */
    worked: () => {
      if (outage === null) return;
      const forSec = Math.round((now() - outage.sinceMs) / 1000);
      logger.info({ failures: outage.failures, forSec }, `over: ${what}`);
      outage = null;
    },
  };
}

/** Logs an outage in three kinds of lines, however often a failure occurs. */
export type OutageLog = ReturnType<typeof outageLog>;

/** The message of an error and of its causes, without stacks. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause.message : '';
  return cause === '' || error.message.includes(cause) ? error.message : `${error.message} (${cause})`;
}
