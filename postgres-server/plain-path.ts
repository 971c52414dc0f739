import { chmod, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ServerAccount } from './account.ts';
import { openToRead, type PostgresBinaries } from './binaries.ts';
import { EmbeddedPostgresFailed } from './failure.ts';

/** What a shell takes for itself between double quotes, where `initdb` puts its own path (PostgreSQL, find_other_exec). */
const READ_BY_A_SHELL = /[$`"\\\n]/;
/** Used when the folder of TMPDIR has such a sign too. */
const USUAL_TEMPORARY = '/tmp';

/**
 * Has `use` run with programs whose path no shell misreads: those given, or a copy in a temporary folder of our own,
 * which is removed afterwards. A link would not do, since `initdb` looks where it really lies.
 *
 * @throws EmbeddedPostgresFailed when no copy can be made
 */
export async function withPlainPath(
  binaries: PostgresBinaries,
  account: ServerAccount,
  use: (binaries: PostgresBinaries) => Promise<void>,
): Promise<void> {
  if (!READ_BY_A_SHELL.test(binaries.initdb)) return use(binaries);
  const native = dirname(dirname(binaries.initdb));
  const place = READ_BY_A_SHELL.test(tmpdir()) ? USUAL_TEMPORARY : tmpdir();
  let copy: string | undefined;
  try {
    copy = await mkdtemp(join(place, 'docket-initdb-'));
    await cp(native, join(copy, 'native'), { recursive: true, verbatimSymlinks: true });
    // The account that runs them may be another one; nobody but us may change them.
    if (account.uid !== undefined) await openToRead(copy);
    else await chmod(copy, 0o700);
    const bin = join(copy, 'native', 'bin');
    await use({ initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') });
  } catch (error) {
    if (error instanceof EmbeddedPostgresFailed) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new EmbeddedPostgresFailed(
      `Postgres cannot start from ${native}, whose path has a sign that its programs misread, nor from a copy in ${place}: ${why}. Move the checkout.`,
      { cause: error },
    );
  } finally {
    if (copy !== undefined) await rm(copy, { recursive: true, force: true });
  }
}
