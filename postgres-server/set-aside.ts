import { mkdtemp, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerAccount } from './account.ts';
import { belongsToUs, CLUSTER } from './cluster.ts';
import { clearLeftovers } from './leftovers.ts';
import { makePasswords, readPasswords, type Passwords } from './passwords.ts';
import type { StartLog } from './start-log.ts';

/** Prefix of the name of a folder with database files that Docket no longer uses. */
const SET_ASIDE = 'set-aside-';

/**
 * Returns the passwords of this folder. Database files without passwords come from an older Docket, whose Postgres
 * accepted everybody, or their passwords are lost. Such files are moved aside, because the log holds everything in
 * them.
 *
 * @throws EmbeddedPostgresFailed when the files belong to somebody else
 */
export async function ensurePasswords(
  directory: string,
  account: ServerAccount,
  log: StartLog,
): Promise<Passwords> {
  const kept = await readPasswords(directory);
  if (kept !== null) return kept;
  const cluster = join(directory, CLUSTER);
  if (await belongsToUs(cluster, account)) {
    await clearLeftovers(cluster, log);
    const aside = await mkdtemp(join(directory, SET_ASIDE));
    await rename(cluster, join(aside, CLUSTER));
    log.warn(
      { aside },
      `Postgres asks for passwords from now on: the read tables are built again from the log, and ${aside}, which holds the old ones, may be removed`,
    );
  }
  return makePasswords(directory);
}
