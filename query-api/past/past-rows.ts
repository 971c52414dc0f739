/**
 * Selects rows of `jobs` as they were when the tables were at a position. An unchanged row is in `jobs`, and a
 * changed row is in the history. Both selects have the same conditions, order and limit. So a page of the past takes
 * about twice as long as a page of the present.
 * @param columns the columns to select; both tables have the columns of a `JobView`, and the position of a past row
 * is `since`
 * @param position the parameter that holds the position, such as `$3`
 * @param orderAndLimit the order and limit of the page
 * @param few true when few past rows can match, for example rows of running jobs. The statement then finds all of
 * them by their state, because Postgres would otherwise read all rows in the order of the page.
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

/** Keeps the planner from applying the outer order to an inner select. */
const NOT_IN_ORDER = 'offset 0';
/**
 * The first look-up of the last event goes back this far, in bytes of the log. If it finds no event, the next look-up
 * goes further.
 */
const LAST_EVENT_WITHIN = 1_000_000;

/**
 * A `with` of one row for `CREATED_BY_THEN`: the latest date of all events up to a position. It is exact for any
 * clocks. Dates nearly follow the order of the log, so few blocks of the timeline hold an earlier event with a later
 * date. The block index finds these blocks.
 * @param position the parameter that holds the position, such as `$3`
 */
export function momentOf(position: string): string {
  const upTo = `select max(at) from docket.job_events where position <= ${position}`;
  const nearby = `${upTo} and position > ${position}::bigint - ${LAST_EVENT_WITHIN}`;
  return `with moment (at) as materialized (${upTo} and at >= coalesce((${nearby}), '-infinity'))`;
}

/**
 * A condition for jobs that may have existed at the moment. A scan of an index in the order of creation then starts
 * at the moment and not at the present. This saves much time once most jobs are younger than the moment.
 */
export const CREATED_BY_THEN = 'created_at <= (select at from moment)';
