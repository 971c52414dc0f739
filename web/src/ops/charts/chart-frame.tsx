import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { useOpsText } from '../ops-text.ts';
import { Button } from '../../page/icons.tsx';

/** The figures of a chart as a table: the first column has names, and the other columns have numbers as text. */
export interface ChartTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

interface ChartFrameProps {
  readonly title: string;
  /** One line under the title that explains the figures. */
  readonly note: string;
  readonly legend?: ComponentChildren;
  /** Called only when the table is shown. */
  readonly table: () => ChartTable;
  readonly children: ComponentChildren;
}

/** A chart with its title and its note. A button switches between the chart and a table. */
export function ChartFrame({ title, note, legend, table, children }: ChartFrameProps) {
  const say = useOpsText();
  const [asTable, setAsTable] = useState(false);
  const id = useId();
  return (
    <section class="panel chart" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        <Button
          class="quiet-button small"
          aria-label={say(asTable ? 'asChartOf' : 'asTableOf', { chart: title })}
          onClick={() => setAsTable(!asTable)}
        >
          {say(asTable ? 'asChart' : 'asTable')}
        </Button>
        <p class="quiet">
          {note} {!asTable && legend}
        </p>
      </header>
      {asTable ? <FigureTable title={title} {...table()} /> : children}
    </section>
  );
}

function FigureTable({ title, columns, rows }: ChartTable & { title: string }) {
  return (
    <div class="figure-table" tabIndex={0} role="group" aria-label={title}>
      <table>
        <caption class="visually-hidden">{title}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, ...figures]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {figures.map((figure, index) => (
                <td key={index}>{figure}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
