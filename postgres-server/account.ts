import { EmbeddedPostgresFailed } from './failure.ts';

/**
 * Postgres refuses to run as root, so root runs it under ids that own no files: the ids of `nobody` on every Linux.
 * Postgres also requires a name for its ids, which `nobody` has.
 */
const UNPRIVILEGED_ID = 65_534;

/** The user and group of the server. Empty when this program already runs as an ordinary user. */
export interface ServerAccount {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Chooses the account for Postgres from the account of this program.
 * @throws EmbeddedPostgresFailed for root on a system without `/proc`. Through `/proc`, an account can enter a folder
 * that is closed to it
 */
export function serverAccount(): ServerAccount {
  if (process.getuid?.() === 0 && process.platform !== 'linux')
    throw new EmbeddedPostgresFailed(
      'Postgres does not run as root here: start Docket as an ordinary user, or name a Postgres with DATABASE_URL=...',
    );
  return process.getuid?.() === 0 ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : {};
}

/**
 * The server gets nothing of the caller's environment, because PGDATA, PGPORT or another locale would change its
 * behaviour.
 */
export const SERVER_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } as const;
