import { connectEventLog } from '../event-store/connect.ts';
import { verifyJobs } from '../projector/verify.ts';
import { openReadStore } from '../read-store/pool.ts';
import { createLog } from '../runtime/log.ts';
import { loadSettings } from '../runtime/settings.ts';
import { findConnections } from './connections.ts';

/** `docket verify`: the read tables against the fold of the log. Exit code 1 when they differ. */
export async function run(argv: readonly string[]): Promise<number> {
  const settings = loadSettings(process.env);
  const { EVENTSTORE_URL, DATABASE_URL } = findConnections(settings);
  const logger = createLog('docket', 'error');
  const log = connectEventLog({
    connectionString: EVENTSTORE_URL,
    timeoutMs: settings.EVENTSTORE_TIMEOUT_MS,
    log: logger,
  });
  const { DATABASE_POOL_MAX: poolMax, DATABASE_TIMEOUT_MS: timeoutMs } = settings;
  const store = openReadStore({ url: DATABASE_URL, poolMax, timeoutMs, log: logger });
  try {
    const { jobs, differences, position } = await verifyJobs({ log, store });
    if (argv.includes('--json')) {
      console.log(JSON.stringify({ jobs, position: position.toString(), differences }, textOfBigint, 2));
    } else if (differences.length === 0) {
      console.log(`${jobs} jobs: the read tables equal the fold of the log up to position ${position}.`);
    } else {
      console.log(`${jobs} jobs, up to position ${position}; the first differences:`);
      for (const { jobId, kind, expected, found } of differences) {
        console.log(
          `  ${jobId}: ${kind}\n    the log says   ${JSON.stringify(expected, textOfBigint)}\n    the table says ${JSON.stringify(found, textOfBigint)}`,
        );
      }
    }
    return differences.length === 0 ? 0 : 1;
  } finally {
    await Promise.all([log.close(), store.close()]);
  }
}

function textOfBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
