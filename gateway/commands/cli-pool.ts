import { CliFailure } from './cli-failure.ts';
import type { Mapping } from '../mapping/mapping-schema.ts';
import { stderrLog } from '../log/gateway-log.ts';
import { openPool, type ChildPool } from '../pool/child-pool.ts';
import { DEFAULT_POOL_LIMITS } from '../pool/pool-limits.ts';

/** After this time the command tells that it waits for the start of the pool. */
const TELL_AFTER_MS = 5_000;

/**
 * Opens one converter for a command and waits until it is ready. On a busy machine the start takes long.
 * @throws CliFailure GATEWAY_FAILED with the reason when it cannot be started
 */
export async function openCliPool(options: {
  readonly drawing: boolean;
  readonly mappings: readonly Mapping[];
}): Promise<ChildPool> {
  const pool = openPool({ ...DEFAULT_POOL_LIMITS, children: 1 }, options, stderrLog());
  const telling = setTimeout(
    () => process.stderr.write('The converter is still starting; this machine gives it little time.\n'),
    TELL_AFTER_MS,
  );
  try {
    await pool.ready();
    return pool;
  } catch (error) {
    await pool.close(0);
    throw new CliFailure('GATEWAY_FAILED', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  } finally {
    clearTimeout(telling);
  }
}
