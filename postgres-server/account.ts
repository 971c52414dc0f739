import { EmbeddedPostgresFailed } from './failure.ts';

/**
 * Postgres refuses to run as root, so root lends it the ids that own nothing: `nobody` on every Linux. Postgres wants
 * them to have a name, and `nobody` has one.
 */
const UNPRIVILEGED_ID = 65_534;

/** The user and group that the server runs as; empty when we are an ordinary user already. */
export interface ServerAccount {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * The account Postgres runs under when this program runs as it does now.
 * @throws EmbeddedPostgresFailed for root where there is no `/proc`, by which an account enters a folder closed to it
 */
export function serverAccount(): ServerAccount {
  if (process.getuid?.() === 0 && process.platform !== 'linux')
    throw new EmbeddedPostgresFailed(
      'Postgres does not run as root here: start Docket as an ordinary user, or name a Postgres with DATABASE_URL=...',
    );
  return process.getuid?.() === 0 ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : {};
}

/** Nothing of the caller's environment reaches the server: PGDATA, PGPORT or a foreign locale would change it. */
export const SERVER_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } as const;
