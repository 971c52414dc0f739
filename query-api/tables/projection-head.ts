import type { Queryable } from '../../read-store/pool.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { CodedError } from '../../schemas/errors/coded-error.ts';
import type { Bookmark } from '../tokens/resume-token.ts';

/** A statement for `pg`. Its text never contains data of a request. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Rows, and the projection's position in the same snapshot. */
export interface AtHead<Row> {
  readonly head: Bookmark;
  readonly rows: readonly Row[];
}

/** No version of the read tables is in use. */
export class ProjectionMissing extends CodedError {
  readonly code = 'READ_STORE_UNAVAILABLE';
  override readonly retryable = true;

  constructor() {
    super('The projection `jobs` has no current version.');
  }
}

const REBUILDING_RETRY_SEC = 5;

/** The log was replaced, and the tables do not show all of it yet (ADR 0112). */
export class ProjectionRebuilding extends ApiError {
  constructor() {
    super(
      'UNAVAILABLE',
      'The log was replaced by another or an older one, and the lists are being built again from it; try again in a moment.',
      { retryAfterSec: REBUILDING_RETRY_SEC },
    );
    this.name = 'ProjectionRebuilding';
  }
}

/** Before the first batch there is no checkpoint. -1 is below every position. */
const HEAD =
  'select p.epoch::text as epoch, coalesce(c.commit_position, -1)::text as head,' +
  // Reads the column through JSON. A query-api may start before the projector of its build has added the column.
  " to_jsonb(p) ->> 'rebuilding_since' is not null as rebuilding from docket.projections p" +
  " left join docket.checkpoints c on c.projection = p.name and c.version = p.version where p.name = 'jobs' and p.is_current";

/**
 * Reads rows together with their epoch and checkpoint, in one statement. A statement locks the views before it takes
 * its snapshot. So it sees a switch of versions either completely or not at all. With two statements in a REPEATABLE
 * READ transaction, the second statement could read new tables under the old epoch.
 * @param statement a select whose own order does not matter; `orderBy` may name its columns
 * @throws ProjectionMissing, ProjectionRebuilding, ReadStoreUnavailable
 */
export async function readAtHead<Row extends object>(
  store: Queryable,
  statement: Statement,
  orderBy: string,
): Promise<AtHead<Row>> {
  const text =
    `with head as materialized (${HEAD})` +
    ` select head.epoch as at_epoch, head.head as at_head, head.rebuilding as at_rebuilding, picked.*` +
    ` from head left join (select true as present, chosen.* from (${statement.text}) chosen) picked on true` +
    ` order by ${orderBy}`;
  type Joined = Row & { at_epoch: string; at_head: string; at_rebuilding: boolean; present: true | null };
  const { rows } = await store.query<Joined>(text, statement.values);
  const [first] = rows;
  if (!first) throw new ProjectionMissing();
  if (first.at_rebuilding) throw new ProjectionRebuilding();
  return {
    head: { epoch: first.at_epoch, position: BigInt(first.at_head) },
    rows: rows.filter((row) => row.present !== null),
  };
}

/** Reads the epoch and the checkpoint of a projection. */
export async function readHead(store: Queryable): Promise<Bookmark> {
  const { rows } = await store.query<{ epoch: string; head: string; rebuilding: boolean }>(HEAD, []);
  const [first] = rows;
  if (!first) throw new ProjectionMissing();
  if (first.rebuilding) throw new ProjectionRebuilding();
  return { epoch: first.epoch, position: BigInt(first.head) };
}

/** A position in the form of the API. */
export function positionText(position: bigint): string {
  return (position < 0n ? 0n : position).toString();
}
