import type { Log } from '../runtime/log.ts';
import { appendExactly, setMaxAge } from './append.ts';
import { openClientGenerations } from './client-generations.ts';
import type { EventLog } from './event-log.ts';
import { followAll } from './follow.ts';
import { readAllForwards, readHead, readLastEvent, readStreamForwards } from './read.ts';

/**
 * The log on the unmodified `@eventstore/db-client`. One a process: the client keeps the pending appends of all its
 * instances in one map, so that the failure of one would reject the appends of the others.
 *
 * @param options.connectionString `esdb://host:port?tls=false`, or a cluster's
 * @param options.timeoutMs longest wait for one answer of the store
 */
export function connectEventLog(options: {
  connectionString: string;
  timeoutMs: number;
  log: Log;
}): EventLog {
  const { connectionString, timeoutMs, log } = options;
  // Appends have a client of their own: an error of a read or a subscription would make a shared one open a second
  // append stream beside the first, and the end of the first would then take the second's pending appends with it.
  const appending = openClientGenerations(connectionString, log);
  const reading = openClientGenerations(connectionString, log);
  return {
    append: (stream, events, expected) => appendExactly(appending, timeoutMs, stream, events, expected),
    readStream: (stream, fromRevision = 0n) => readStreamForwards(reading, timeoutMs, stream, fromRevision),
    readLast: (stream) => readLastEvent(reading, timeoutMs, stream),
    readAll: (after, filter, maxCount = Number.MAX_SAFE_INTEGER) =>
      readAllForwards(reading, timeoutMs, after, filter, maxCount),
    head: () => readHead(reading, timeoutMs),
    follow: (followOptions) => followAll(reading, log, followOptions),
    setMaxAge: (stream, maxAgeSec) => setMaxAge(appending, timeoutMs, stream, maxAgeSec),
    close: async () => {
      await Promise.all([appending.close(), reading.close()]);
    },
  };
}
