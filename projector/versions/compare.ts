import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog } from '../../event-store/event-log.ts';
import type { Queryable, ReadStore } from '../../read-store/pool.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';
import type { RegisteredProjection } from '../registry.ts';
import { differingKeys, keysAfter, type Pair } from './compared-page.ts';
import { ledgerVersions, VersionRefused } from './ledger.ts';
import { firstDifference } from '../verify/trace.ts';

/** Number of keys compared in one statement. */
const PAGE_KEYS = 500;
/** Limit of the stored differences. With more, the comparison is marked as incomplete. */
const DIFFERENCES_MAX = 1_000;
/**
 * Rows that change during the comparison are compared again up to this many times. After that, a row that differs
 * counts as a difference.
 */
const LOOKS_MAX = 40;
const LOOK_AGAIN_MS = 100;

/** A key whose rows differ between the versions, and the first event after which the two folds differ. */
export interface Difference {
  readonly key: string;
  /** The tables in which the rows differ. */
  readonly tables: readonly string[];
  /** Null when both folds are equal. Then one of the tables differs from its own fold. */
  readonly event: { readonly revision: bigint; readonly position: bigint; readonly type: string } | null;
}

export interface Comparison {
  readonly from: number;
  readonly to: number;
  /** Number of keys compared. */
  readonly compared: number;
  readonly differences: readonly Difference[];
  /** False when there are more differences than are stored. */
  readonly complete: boolean;
}

export interface CompareOptions {
  readonly store: ReadStore;
  readonly log: Pick<EventLog, 'readStream'>;
  /** The version in use, and the version to which readers will switch. */
  readonly from: RegisteredProjection;
  readonly to: RegisteredProjection;
  readonly onProgress: (compared: number) => void;
  readonly stop: AbortSignal;
}

/**
 * Compares two versions key by key, in the columns that both have, while both follow the log. Rows at different
 * revisions are compared again later. The outcome is stored for `switch`.
 * @throws VersionRefused when one of the two is not built, LogUnavailable, ReadStoreUnavailable
 */
export async function compareVersions(options: CompareOptions): Promise<Comparison> {
  const { store, from, to, stop } = options;
  await refuseUnbuilt(store, from, to);
  const pair: Pair = { from: from.target.schema, to: to.target.schema, compared: await comparable(from, to) };
  const differing = new Map<string, Set<string>>();
  let moving: string[] = [];
  let compared = 0;
  let complete = true;
  const look = async (keys: readonly string[]): Promise<string[]> => {
    const page = await differingKeys(store, pair, keys);
    for (const { key, table } of page.different)
      differing.set(key, (differing.get(key) ?? new Set()).add(table));
    return page.moving;
  };
  for (let after: string | null = null; !stop.aborted;) {
    const keys: string[] = await keysAfter(store, pair, after, PAGE_KEYS);
    if (keys.length === 0) break;
    moving.push(...(await look(keys)));
    compared += keys.length;
    options.onProgress(compared);
    after = keys.at(-1)!;
    complete = differing.size <= DIFFERENCES_MAX;
    if (!complete) break;
  }
  for (let looks = 0; moving.length > 0 && looks < LOOKS_MAX && !stop.aborted; looks += 1) {
    await sleep(LOOK_AGAIN_MS);
    const still: string[] = [];
    for (let at = 0; at < moving.length; at += PAGE_KEYS)
      still.push(...(await look(moving.slice(at, at + PAGE_KEYS))));
    moving = still;
  }
  // These keys never reached the same revision in both versions, because one version lacks them or holds them in
  // quarantine.
  for (const key of moving) differing.set(key, (differing.get(key) ?? new Set()).add(from.compared.rows));
  const kept = [...differing].slice(0, DIFFERENCES_MAX);
  const differences: Difference[] = [];
  for (const [key, tables] of kept)
    differences.push({ key, tables: [...tables], event: await differenceAt(options, key) });
  const comparison = {
    from: from.target.version,
    to: to.target.version,
    compared,
    differences,
    complete: complete && !stop.aborted,
  };
  if (!stop.aborted) await keep(store, from.name, comparison);
  return comparison;
}

async function refuseUnbuilt(store: ReadStore, ...versions: readonly RegisteredProjection[]): Promise<void> {
  const known = await ledgerVersions(store);
  for (const { name, target } of versions) {
    const version = known.find((each) => each.name === name && each.version === target.version);
    if (!version || version.builtAt === null)
      throw new VersionRefused(`Version ${target.version} of projection ${name} is not built.`);
  }
}

/** The tables that both versions have. */
async function comparable(from: RegisteredProjection, to: RegisteredProjection): Promise<Pair['compared']> {
  const tables = from.compared.tables.filter((table) => to.compared.tables.includes(table));
  return { ...from.compared, tables };
}

async function differenceAt({ log, from, to }: CompareOptions, key: string): Promise<Difference['event']> {
  const events: StoredEvent[] = [];
  for await (const event of log.readStream(from.streamOf(key))) events.push(event);
  const parting = firstDifference(from.trace(events), to.trace(events));
  return parting && { revision: parting.revision, position: parting.position, type: parting.type };
}

async function keep(on: Queryable, name: string, { from, to, compared, differences, complete }: Comparison) {
  await on.query(
    `insert into docket.projection_comparisons (name, from_version, to_version, compared, differing, complete)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (name, from_version, to_version) do update
     set compared_at = now(), compared = excluded.compared, differing = excluded.differing, complete = excluded.complete`,
    [name, from, to, compared, differences.map(({ key }) => key), complete],
  );
}
