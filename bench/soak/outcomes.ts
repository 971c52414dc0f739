import { connectEventLog } from '../../event-store/connect.ts';
import { createLog } from '../../runtime/log/log.ts';

/** The facts of the log about the jobs. */
export interface Outcomes {
  /** Number of streams with more than one outcome of a conversion. */
  readonly twice: number;
  /** Accepted jobs without an outcome. */
  readonly without: readonly string[];
  readonly succeeded: number;
  readonly failed: number;
}

const OUTCOMES = ['ConversionSucceeded', 'ConversionFailed', 'ConversionCancelled'];

/** Reads the whole log and counts the outcomes of each job. */
export async function outcomesOf(connectionString: string, taken: ReadonlySet<string>): Promise<Outcomes> {
  const log = connectEventLog({ connectionString, timeoutMs: 30_000, log: createLog('bench', 'error') });
  const outcomes = new Map<string, number>();
  let succeeded = 0;
  let failed = 0;
  try {
    for await (const { stream, type } of log.readAll('start', { streamPrefixes: ['job-'] })) {
      if (!OUTCOMES.includes(type)) continue;
      outcomes.set(stream, (outcomes.get(stream) ?? 0) + 1);
      if (type === 'ConversionSucceeded') succeeded += 1;
      else failed += 1;
    }
  } finally {
    await log.close();
  }
  return {
    twice: [...outcomes.values()].filter((count) => count > 1).length,
    without: [...taken].filter((jobId) => !outcomes.has(`job-${jobId}`)),
    succeeded,
    failed,
  };
}
