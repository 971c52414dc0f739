import type { Log } from '../runtime/log/log.ts';
import { outageLog, reasonOf } from '../runtime/log/outage-log.ts';
import type { WaitingNow } from '../runtime/service.ts';
import { codeOf } from '../schemas/errors/coded-error.ts';

/** Called with the error of each failed run, and with null after each successful run. */
export type ToldTrouble = (error: unknown) => void;

/** Keeps in `troubles` the current error of a task, and bounds the log lines about it. */
export function keepTroubles(troubles: Map<string, WaitingNow>, task: string, logger: Log): ToldTrouble {
  const tell = tellTroubles(logger, `task "${task}" fails`);
  return (error) => {
    tell(error);
    if (error === null) return void troubles.delete(task);
    const code = codeOf(error);
    const dependency =
      code === 'READ_STORE_UNAVAILABLE' ? 'Postgres' : code === 'LOG_UNAVAILABLE' ? 'event store' : task;
    troubles.set(task, { dependency, why: `Task "${task}": ${reasonOf(error)}` });
  };
}

/**
 * Writes a line when a task begins to fail, a line a minute with the count of failures, and a line when the task
 * works again.
 */
export function tellTroubles(logger: Log, what: string): ToldTrouble {
  const outage = outageLog(logger, what);
  return (error) => (error === null ? outage.worked() : outage.failed(error));
}
