/**
 * Rows of `jobs` as they were when the tables stood at a position. Rows that have not changed since are in `jobs`; for
 * the others the replaced row is taken. Both halves take the same conditions, order and limit, so a page of the past
 * costs about twice a page of the present.
 *
 * @param columns what to select; both tables have the columns of a `JobView`, and of a row of the past the position
 *   is `since`
 * @param position the parameter that holds the position, such as `$3`
 * @param orderAndLimit of the page
 * @param few true when few rows of the past can have stood then, such as those of jobs at work: all of them are found
 *   by their state, where Postgres, which cannot know, would go through all rows in the order of the page
 */
export function rowsAt(options: {
  readonly columns: readonly string[];
  readonly position: string;
  readonly where: readonly string[];
  readonly orderAndLimit?: string;
  readonly few?: boolean;
}): string {
  const { columns, position, where, orderAndLimit = '', few = false } = options;
  const past = columns.map((column) => (column === 'position' ? 'since as position' : column));
  const present = [...where, `position <= ${position}`].join(' and ');
  const replaced = [...where, `since <= ${position}`, `until > ${position}`].join(' and ');
  return (
    `(select ${columns.join(', ')} from docket.jobs where ${present} ${orderAndLimit})` +
    ` union all (select ${past.join(', ')} from docket.job_history where ${replaced} ${few ? NOT_IN_ORDER : orderAndLimit})`
  );
}

/** Keeps the order of what surrounds a select out of it. */
const NOT_IN_ORDER = 'offset 0';
/** The last event is looked for so far back first, in bytes of the log; further when there is none. */
const LAST_EVENT_WITHIN = 1_000_000;

/**
 * A `with` of one row for `CREATED_BY_THEN`: the latest date of any event up to a position. It is exact for any clocks.
 * Events are dated nearly in the order of the log, so few blocks of the timeline hold an earlier event with a later
 * date. The index by blocks names those.
 *
 * @param position the parameter that holds the position, such as `$3`
 */
export function momentOf(position: string): string {
  const upTo = `select max(at) from docket.job_events where position <= ${position}`;
  const nearby = `${upTo} and position > ${position}::bigint - ${LAST_EVENT_WITHIN}`;
  return `with moment (at) as materialized (${upTo} and at >= coalesce((${nearby}), '-infinity'))`;
}

/**
 * Jobs that may have been there at the moment, as a condition. An index in the order of creation then begins there and
 * not at the present, which matters once most jobs are younger.
 */
export const CREATED_BY_THEN = 'created_at <= (select at from moment)';
