import { connectEventLog } from '../../event-store/connect.ts';
import type { RecordedEvent } from '../../event-store/event-log.ts';
import { createLog } from '../../runtime/log/log.ts';

/** The facts of the log about a round, from its first start to its last outcome. */
export interface Course {
  /** Jobs in the order in which they began, each with its worker. */
  readonly starts: readonly { readonly jobId: string; readonly worker: string; readonly atMs: number }[];
  readonly succeeded: number;
  /** Number of outcomes and starts beyond the first of a job. */
  readonly twice: number;
  readonly lastMs: number;
}

const OUTCOMES = ['ConversionSucceeded', 'ConversionFailed', 'ConversionCancelled'];

/** Follows a log for the events of some jobs; `done` resolves when each job has an outcome. */
export async function followCourse(
  connectionString: string,
): Promise<{ done(jobs: ReadonlySet<string>): Promise<Course>; stop(): Promise<void> }> {
  const log = connectEventLog({ connectionString, timeoutMs: 10_000, log: createLog('bench', 'error') });
  const head = await log.head();
  const seen: RecordedEvent[] = [];
  const ended = new Set<string>();
  const following = log.follow({
    filter: { streamPrefixes: ['job-'] },
    after: () => seen.at(-1)?.position ?? (head === 0n ? 'start' : head),
    onEvent: (event) => {
      seen.push(event);
      if (OUTCOMES.includes(event.type)) ended.add(event.stream.slice('job-'.length));
    },
  });
  return {
    done: async (jobs) => {
      while (![...jobs].every((jobId) => ended.has(jobId)))
        await new Promise((resolve) => setTimeout(resolve, 50));
      return courseOf(seen.filter(({ stream }) => jobs.has(stream.slice('job-'.length))));
    },
    stop: async () => {
      await following.stop();
      await log.close();
    },
  };
}

function courseOf(events: readonly RecordedEvent[]): Course {
  const starts: { jobId: string; worker: string; atMs: number }[] = [];
  const begun = new Set<string>();
  const outcomes = new Map<string, number>();
  let succeeded = 0;
  let twice = 0;
  let lastMs = 0;
  for (const { stream, type, data, created } of events) {
    const jobId = stream.slice('job-'.length);
    if (type === 'ConversionStarted') {
      if (begun.has(jobId)) twice += 1;
      begun.add(jobId);
      // A worker's name ends with a dot and eight characters that identify its process.
      starts.push({
        jobId,
        worker: (data as { workerId: string }).workerId.slice(0, -9),
        atMs: created.getTime(),
      });
    }
    if (!OUTCOMES.includes(type)) continue;
    if (outcomes.has(jobId)) twice += 1;
    outcomes.set(jobId, 1);
    if (type === 'ConversionSucceeded') succeeded += 1;
    lastMs = created.getTime();
  }
  return { starts, succeeded, twice, lastMs };
}
