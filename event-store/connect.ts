import type { Log } from '../runtime/log.ts';
import { appendExactly } from './append.ts';
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
  const generations = openClientGenerations(connectionString, log);
  return {
    append: (stream, events, expected) => appendExactly(generations, timeoutMs, stream, events, expected),
    readStream: (stream, fromRevision = 0n) =>
      readStreamForwards(generations, timeoutMs, stream, fromRevision),
    readLast: (stream) => readLastEvent(generations, timeoutMs, stream),
    readAll: (after, filter, maxCount = Number.MAX_SAFE_INTEGER) =>
      readAllForwards(generations, timeoutMs, after, filter, maxCount),
    head: () => readHead(generations, timeoutMs),
    follow: (followOptions) => followAll(generations, log, followOptions),
    setMaxAge: async (stream, maxAgeSec) => {
      await generations
        .current()
        .client.setStreamMetadata(stream, { maxAge: maxAgeSec }, { deadline: timeoutMs });
    },
    close: () => generations.close(),
  };
}
