import { connectEventLog } from '../event-store/connect.ts';
import { PROJECTIONS } from '../projector/registry.ts';
import type { Verified } from '../projector/verified.ts';
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
    const verified: { projection: string; verified: Verified }[] = [];
    for (const projection of PROJECTIONS)
      verified.push({ projection: projection.name, verified: await projection.verify({ log, store }) });
    if (argv.includes('--json')) {
      const told = verified.map(({ projection, verified: { checked, position, differences } }) => ({
        ...{ projection, checked, position, differences },
      }));
      console.log(JSON.stringify({ projections: told }, textOfBigint, 2));
    } else for (const one of verified) report(one.projection, one.verified);
    return verified.every(({ verified: { differences } }) => differences.length === 0) ? 0 : 1;
  } finally {
    await Promise.all([log.close(), store.close()]);
  }
}

function report(projection: string, { checked, position, differences }: Verified): void {
  if (differences.length === 0) {
    console.log(
      `${projection}: ${checked} streams; the read tables equal the fold of the log up to position ${position}.`,
    );
    return;
  }
  console.log(`${projection}: ${checked} streams, up to position ${position}; the first differences:`);
  for (const { subject, kind, expected, found } of differences) {
    console.log(
      `  ${subject}: ${kind}\n    the log says   ${JSON.stringify(expected, textOfBigint)}\n    the table says ${JSON.stringify(found, textOfBigint)}`,
    );
  }
}

function textOfBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
