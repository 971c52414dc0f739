import type { ComponentChildren } from 'preact';
import { useText } from '../../text/text-context.ts';
import { useOpsText } from '../ops-text.ts';
import { ChartFrame } from './chart-frame.tsx';
import { Button } from '../../page/icons.tsx';

export interface BarItem {
  readonly key: string;
  /** Name of the bar in the table. It is also beside the bar when there is no badge. */
  readonly name: string;
  readonly label?: ComponentChildren;
  readonly count: number;
}

interface BarListProps {
  readonly title: string;
  readonly note: string;
  readonly items: readonly BarItem[];
  readonly chosen: readonly string[];
  readonly onChoose: (key: string) => void;
  readonly none?: string;
}

/** Horizontal bars, each a button. The first press filters the queue, the second removes the filter. */
export function BarList({ title, note, items, chosen, onChoose, none }: BarListProps) {
  const { formats } = useText();
  const say = useOpsText();
  const highest = Math.max(1, ...items.map(({ count }) => count));
  const table = () => ({
    columns: [title, say('columnCount')],
    rows: items.map(({ name, count }) => [name, formats.number(count)]),
  });
  return (
    <ChartFrame title={title} note={items.length === 0 && none ? none : note} table={table}>
      <ul class="bars">
        {items.map(({ key, name, label, count }) => (
          <li key={key}>
            <Button
              class="bar-button"
              data-bar={key}
              aria-pressed={chosen.includes(key)}
              onClick={() => onChoose(key)}
            >
              <span class="bar-name">{label ?? name}</span>
              <span class="bar-track" aria-hidden="true">
                <span data-series={key} style={{ inlineSize: `${(count / highest) * 100}%` }} />
              </span>
              <span class="bar-count">{formats.number(count)}</span>
            </Button>
          </li>
        ))}
      </ul>
    </ChartFrame>
  );
}
