import type { ComponentChildren } from 'preact';

interface PanelProps {
  /** Id of the heading, which names the panel and takes the focus. */
  readonly titleId: string;
  readonly title: string;
  readonly busy?: boolean;
  readonly children: ComponentChildren;
}

/** A part of the console with its heading. */
export function Panel({ titleId, title, busy, children }: PanelProps) {
  return (
    <section class="panel" aria-labelledby={titleId} aria-busy={busy}>
      <h2 id={titleId} tabIndex={-1}>
        {title}
      </h2>
      {children}
    </section>
  );
}

interface TableProps {
  readonly caption: string;
  readonly heads: readonly string[];
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A table whose caption only screen readers read, because the heading of the panel says it to the others. */
export function Table({ caption, heads, children, ...rest }: TableProps) {
  return (
    <table {...rest}>
      <caption class="visually-hidden">{caption}</caption>
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

/** A table that scrolls sideways in a narrow window. `titleId` is the heading that names it. */
export function GridTable({ titleId, class: more = '', ...table }: TableProps & { titleId: string }) {
  return (
    <div class="scroll-x" tabIndex={0} role="group" aria-labelledby={titleId}>
      <Table {...table} class={`grid-table ${more}`.trim()} />
    </div>
  );
}
