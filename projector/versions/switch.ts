import { setTimeout as sleep } from 'node:timers/promises';
import { isLockConflict } from '../../read-store/read-store-errors.ts';
import type { Queryable, ReadStore } from '../../read-store/pool.ts';
import type { RegisteredProjection } from '../registry.ts';
import { SHORT_LOCK_TIMEOUT } from '../following/lock-timeout.ts';
import type { Filled } from './bulk-fill.ts';
import { ledgerVersions, VersionRefused, type LedgerVersion } from './ledger.ts';
import { pointViewAt } from './view-columns.ts';

/** The longest wait of a switch for a version that is slightly behind, in ms. */
const CATCH_UP_MS_MAX = 20_000;
const TRY_AGAIN_MS = 50;
export interface Switched {
  readonly from: number;
  readonly to: number;
  readonly position: bigint;
}

/**
 * Switches readers to another version in one transaction: views, current version and a new epoch, so that every
 * socket receives a snapshot. The position of the version must be at least the position of the version in use. The
 * last comparison must have found only accepted differences.
 * @param accepted keys whose difference is intended
 * @throws VersionRefused, ReadStoreUnavailable
 */
export async function switchVersion(
  store: ReadStore,
  projection: RegisteredProjection,
  accepted: ReadonlySet<string>,
): Promise<Switched> {
  const { name, target } = projection;
  const { current, other } = await pairOf(store, name, target.version);
  await refuseDifferences(store, current, other, accepted);
  return whenCaughtUp(store, projection, current, other);
}

/** Switches back to the version that readers used before the last switch. No comparison is needed. */
export async function rollbackVersion(
  store: ReadStore,
  name: string,
  versions: readonly RegisteredProjection[],
): Promise<Switched> {
  const known = (await ledgerVersions(store)).filter((each) => each.name === name);
  const before = known
    .filter(({ isCurrent, leftAt }) => !isCurrent && leftAt !== null)
    .sort((one, two) => two.leftAt!.getTime() - one.leftAt!.getTime())[0];
  if (!before) throw new VersionRefused(`There is no earlier version of projection ${name} to go back to.`);
  const projection = versions.find((each) => each.name === name && each.target.version === before.version);
  if (!projection)
    throw new VersionRefused(`This build does not know version ${before.version} of projection ${name}.`);
  const { current, other } = await pairOf(store, name, before.version);
  return whenCaughtUp(store, projection, current, other);
}

async function pairOf(
  store: ReadStore,
  name: string,
  version: number,
): Promise<{ current: LedgerVersion; other: LedgerVersion }> {
  const known = (await ledgerVersions(store)).filter((each) => each.name === name);
  const current = known.find(({ isCurrent }) => isCurrent);
  const other = known.find((each) => each.version === version);
  if (!current) throw new VersionRefused(`Projection ${name} has no version in use.`);
  if (!other || other.builtAt === null)
    throw new VersionRefused(
      `Version ${version} of projection ${name} is not built: \`docket projection build ${name}\`.`,
    );
  if (other.isCurrent)
    throw new VersionRefused(`Version ${version} of projection ${name} is in use already.`);
  return { current, other };
}

async function refuseDifferences(
  store: ReadStore,
  current: LedgerVersion,
  other: LedgerVersion,
  accepted: ReadonlySet<string>,
): Promise<void> {
  const { rows } = await store.query<{ differing: string[]; complete: boolean; is_stale: boolean }>(
    `select differing, complete, compared_at < $4 as is_stale from docket.projection_comparisons
     where name = $1 and from_version = $2 and to_version = $3`,
    [current.name, current.version, other.version, other.builtAt],
  );
  const [last] = rows;
  const compare = `\`docket projection compare ${current.name}\``;
  if (!last || last.is_stale) throw new VersionRefused(`The two versions were not compared yet: ${compare}.`);
  if (!last.complete)
    throw new VersionRefused(
      `The last comparison found more differences than it stores: fix them, then ${compare}.`,
    );
  const open = last.differing.filter((key) => !accepted.has(key));
  if (open.length > 0)
    throw new VersionRefused(
      `${open.length} differences are not accepted: ${open.slice(0, 5).join(', ')}${open.length > 5 ? ' ...' : ''}. Accept each by name with --accept.`,
    );
}

async function whenCaughtUp(
  store: ReadStore,
  projection: RegisteredProjection,
  current: LedgerVersion,
  other: LedgerVersion,
): Promise<Switched> {
  const deadline = performance.now() + CATCH_UP_MS_MAX;
  for (;;) {
    const position = await tryToSwitch(store, projection, current, other);
    if (position !== null) return { from: current.version, to: other.version, position };
    if (performance.now() > deadline)
      throw new VersionRefused(
        `Version ${other.version} of projection ${current.name} remains behind version ${current.version}: is a projector running that knows it?`,
      );
    await sleep(TRY_AGAIN_MS);
  }
}

/** Tries to switch. Returns the position of the switch; null when the version is behind, or a reader held the views. */
function tryToSwitch(
  store: ReadStore,
  { tables, target }: RegisteredProjection,
  current: LedgerVersion,
  other: LedgerVersion,
): Promise<bigint | null> {
  const { name } = current;
  return inSwitchTransaction(store, { name, from: current.version, to: other.version }, async (within) => {
    for (const table of tables.names) await pointViewAt(within, target.schema, table);
    await within.query(
      'update docket.projections set is_current = false, left_at = now() where name = $1 and version = $2',
      [name, current.version],
    );
    await within.query(
      'update docket.projections set is_current = true, epoch = gen_random_uuid() where name = $1 and version = $2',
      [name, other.version],
    );
  });
}

/**
 * Replaces the tables of a version by tables that were built again, and removes the old tables. Readers see either
 * all old or all new tables. The higher fencing epoch makes the projector's next batch fail, and then it continues
 * from the new checkpoint.
 * @returns false when the version's tables are further, or when a reader or the projector held a lock throughout
 * @throws ReadStoreUnavailable
 */
export async function replaceTables(
  store: ReadStore,
  { projection, target: built }: Filled,
): Promise<boolean> {
  const { tables, target } = projection;
  const { ledger: name, version, schema } = target;
  const position = await inSwitchTransaction(
    store,
    { name, from: version, to: built.version },
    async (within) => {
      await within.query(
        `update docket.projection_leases set fencing_epoch = fencing_epoch + 1, held_until = now()
       where projection = $1 and version = $2`,
        [name, version],
      );
      const { rows } = await within.query<{ is_current: boolean }>(
        `update docket.projections set epoch = gen_random_uuid() where name = $1 and version = $2 returning is_current`,
        [name, version],
      );
      // Redefines the views before the old tables are dropped. So the views, their grants and other views built on
      // them survive.
      if (rows[0]?.is_current === true)
        for (const table of tables.names) await pointViewAt(within, built.schema, table);
      await within.query(`drop table ${tables.names.map((table) => `${schema}.${table}`).join(', ')}`);
      await within.query(`drop schema ${schema}`);
      await within.query(`alter schema ${built.schema} rename to ${schema}`);
      for (const table of ['checkpoints', 'quarantine']) {
        await within.query(`delete from docket.${table} where projection = $1 and version = $2`, [
          name,
          version,
        ]);
        await within.query(`update docket.${table} set version = $2 where projection = $1 and version = $3`, [
          name,
          version,
          built.version,
        ]);
      }
      const own = [name, built.version];
      await within.query('delete from docket.projections where name = $1 and version = $2', own);
      await within.query('delete from docket.projection_leases where projection = $1 and version = $2', own);
    },
  );
  return position !== null;
}

/**
 * Changes the tables that readers see, in one transaction. The transaction locks the checkpoints of both versions, so
 * neither version advances. Every switch uses this function.
 * @returns the position of the version `to`. Null when `to` is behind `from`, because readers would then see older
 * rows. Also null when a reader or a projector held a lock.
 * @throws ReadStoreUnavailable, the errors of `change`
 */
async function inSwitchTransaction(
  store: ReadStore,
  { name, from, to }: { readonly name: string; readonly from: number; readonly to: number },
  change: (within: Queryable) => Promise<void>,
): Promise<bigint | null> {
  try {
    return await store.transaction(async (within) => {
      await within.query(SHORT_LOCK_TIMEOUT);
      // Takes the locks in the order of a projector's batch, so that the two transactions cannot deadlock.
      await within.query(
        'select from docket.projection_leases where projection = $1 and version = $2 for update',
        [name, from],
      );
      const before = await lockedCheckpoint(within, name, from);
      const position = await lockedCheckpoint(within, name, to);
      if (position < before) return null;
      await change(within);
      return position;
    });
  } catch (error) {
    if (isLockConflict(error)) return null;
    throw error;
  }
}

async function lockedCheckpoint(within: Queryable, name: string, version: number): Promise<bigint> {
  const { rows } = await within.query<{ position: string }>(
    'select commit_position as position from docket.checkpoints where projection = $1 and version = $2 for update',
    [name, version],
  );
  return rows[0] ? BigInt(rows[0].position) : -1n;
}
