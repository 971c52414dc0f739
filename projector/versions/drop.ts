import type { ReadStore } from '../../read-store/pool.ts';
import type { RegisteredProjection } from '../registry.ts';
import { ledgerVersions, VersionRefused } from './ledger.ts';

/**
 * Removes a version that nobody reads, with all its records.
 * @throws VersionRefused for the version in use, and for a version that does not exist
 */
export async function dropVersion(store: ReadStore, { name, target }: RegisteredProjection): Promise<void> {
  const { version, schema } = target;
  const known = (await ledgerVersions(store)).find((each) => each.name === name && each.version === version);
  if (!known) throw new VersionRefused(`There are no tables of version ${version} of projection ${name}.`);
  if (known.isCurrent)
    throw new VersionRefused(
      `Version ${version} of projection ${name} is in use; switch to another one first.`,
    );
  await store.transaction(async (within) => {
    const row = [name, version];
    // Removes the lease first. The projector's next batch then finds no lease, and the projector no longer follows
    // the log.
    await within.query('delete from docket.projection_leases where projection = $1 and version = $2', row);
    await within.query('delete from docket.projections where name = $1 and version = $2', row);
    await within.query('delete from docket.checkpoints where projection = $1 and version = $2', row);
    await within.query('delete from docket.quarantine where projection = $1 and version = $2', row);
    await within.query(
      'delete from docket.projection_comparisons where name = $1 and (from_version = $2 or to_version = $2)',
      row,
    );
    await within.query(`drop schema ${schema} cascade`);
  });
}
