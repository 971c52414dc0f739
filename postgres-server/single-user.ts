import type { ServerAccount } from './account.ts';
import type { PostgresBinaries } from './binaries.ts';
import { clusterArgument } from './cluster-argument.ts';
import { outputFailure } from './failure.ts';
import { runProgram } from './run-program.ts';

const TIMEOUT_MS = 120_000;

/**
 * Runs statements as the superuser on database files that no server uses, in Postgres' single-user mode, without a
 * server and its ports. Stops at the first failed statement.
 *
 * @param statements SQL without empty lines, because an empty line ends a statement in this mode
 * @throws EmbeddedPostgresFailed
 */
export async function asSuperuser(
  place: {
    readonly cluster: string;
    readonly binaries: PostgresBinaries;
    readonly account: ServerAccount;
    readonly stop?: AbortSignal;
  },
  statements: readonly string[],
): Promise<void> {
  const { cluster, binaries, account, stop } = place;
  const options = ['-j', '-c', 'exit_on_error=on', '-c', 'io_method=sync', '-c', 'log_min_messages=warning'];
  const { code, errors } = await runProgram(
    binaries.postgres,
    ['--single', '-D', clusterArgument(cluster, account), ...options, 'postgres'],
    {
      account,
      cwd: cluster,
      timeoutMs: TIMEOUT_MS,
      input: statements.map((statement) => `${statement.replace(/;\s*$/, '')};\n\n`).join(''),
      ...(stop && { stop }),
    },
  );
  if (code !== 0) throw outputFailure(cluster, errors, code);
}
