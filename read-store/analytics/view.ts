/** A view of schema `analytics`: what analysts build on, so its columns keep their names and meaning. */
export interface AnalyticsView {
  readonly name: string;
  readonly comment: string;
  /** Each column with the sentence that the database itself says about it; the order is the view's. */
  readonly columns: Readonly<Record<string, string>>;
  /** Reads the views of schema `docket` only: those are pointed at other tables when a projection is switched. */
  readonly select: string;
}

/** Makes the view, with a comment on it and on every column. */
export function createView({ name, comment, columns, select }: AnalyticsView): string {
  const names = Object.keys(columns).join(', ');
  const comments = Object.entries(columns).map(
    ([column, says]) => `comment on column analytics.${name}.${column} is ${literal(says)};`,
  );
  return [
    `create view analytics.${name} (${names}) as ${select};`,
    `comment on view analytics.${name} is ${literal(comment)};`,
    ...comments,
  ].join('\n');
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
