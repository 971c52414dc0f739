/**
 * Rows of `jobs` as they were when the tables stood at a position: those that have not changed since, and of the
 * others the one that was replaced later. Both halves take the same conditions, order and limit, so a page of the past
 * costs about twice a page of the present.
 *
 * @param columns what to select; both tables have the columns of a `JobView`, and of a row of the past the position
 *   is `since`
 * @param position the parameter that holds the position, such as `$3`
 * @param rest what follows, from `where` conditions (joined by `and`) to order and limit
 */
export function rowsAt(options: {
  readonly columns: readonly string[];
  readonly position: string;
  readonly where: readonly string[];
  readonly orderAndLimit?: string;
}): string {
  const { columns, position, where, orderAndLimit = '' } = options;
  const past = columns.map((column) => (column === 'position' ? 'since as position' : column));
  const present = [...where, `position <= ${position}`].join(' and ');
  const replaced = [...where, `since <= ${position}`, `until > ${position}`].join(' and ');
  return (
    `(select ${columns.join(', ')} from docket.jobs where ${present} ${orderAndLimit})` +
    ` union all (select ${past.join(', ')} from docket.job_history where ${replaced} ${orderAndLimit})`
  );
}
