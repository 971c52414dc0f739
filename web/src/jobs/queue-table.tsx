import { useRef } from 'preact/hooks';
import { useApp } from '../app.ts';
import { withQuery } from './queue-state.ts';
import { sortedBy, writeQuery, type QueueQuery, type SortColumn } from './queue-query.ts';
import { useStore } from '../store.ts';
import type { MessageKey } from '../text/en.ts';
import { useText } from '../text/text-context.ts';
import { Icon } from '../page/icons.tsx';
import { JobRow, SelectAll } from './job-row.tsx';
import { useKeptFocus } from '../page/kept-focus.ts';
import { ROWS_DRAWN_MAX, useRowWindow } from './row-window.ts';
import { useSteadyRows } from './steady-rows.ts';

const COLUMN_WORDS = {
  filename: 'columnFile',
  size: 'columnSize',
  created: 'columnAdded',
  updated: 'columnUpdated',
} as const satisfies Record<SortColumn, MessageKey>;

/** The queue as a table. A long queue draws only the rows near the screen. */
export function QueueTable() {
  const app = useApp();
  const { t } = useText();
  const queue = useStore(app.queue, (now) => now);
  const body = useRef<HTMLTableSectionElement>(null);
  const steady = useSteadyRows(queue);
  const { start, end, rowPx } = useRowWindow(body, steady.rows.length);
  useKeptFocus(body, '#search');

  const { rows } = steady;
  const { sort } = queue.view.query;
  const windowed = rows.length > ROWS_DRAWN_MAX;
  const direction = t(sort.descending ? 'descending' : 'ascending');
  return (
    <>
      {steady.held > 0 && (
        <button type="button" class="show-new" onClick={steady.release}>
          <Icon name="up" />
          {t('showNewRows', { count: steady.held })}
        </button>
      )}
      <table class="queue" data-windowed={windowed} aria-rowcount={windowed ? rows.length + 1 : undefined}>
        <caption class="visually-hidden">
          {t('queueCaption')}. {t('queueCaptionSorted', { column: t(COLUMN_WORDS[sort.column]), direction })}
        </caption>
        <thead>
          <tr aria-rowindex={windowed ? 1 : undefined}>
            <th scope="col" class="c-select">
              <SelectAll jobs={rows} selected={queue.selected} />
            </th>
            <SortHeader column="filename" query={queue.view.query} className="c-file" />
            <th scope="col" class="c-state">
              {t('columnState')}
            </th>
            <SortHeader column="size" query={queue.view.query} className="c-size" />
            <SortHeader column="created" query={queue.view.query} className="c-time" />
            <th scope="col" class="c-actions">
              {t('columnActions')}
            </th>
          </tr>
        </thead>
        <tbody
          ref={body}
          onPointerEnter={(event) => event.pointerType === 'mouse' && steady.hold()}
          onPointerLeave={(event) => event.pointerType === 'mouse' && steady.release()}
          onFocusIn={(event) => (event.target as Element).matches(':focus-visible') && steady.hold()}
          onFocusOut={(event) =>
            !body.current?.contains(event.relatedTarget as Node | null) && steady.release()
          }
        >
          <Spacer px={start * rowPx} />
          {rows.slice(start, end).map((job, index) => (
            <JobRow
              key={job.jobId}
              job={job}
              rowIndex={windowed ? start + index + 2 : undefined}
              selected={queue.selected.has(job.jobId)}
            />
          ))}
          <Spacer px={(rows.length - end) * rowPx} />
        </tbody>
      </table>
    </>
  );
}

/** Fills the space of the rows that are not drawn. */
function Spacer({ px }: { px: number }) {
  if (px <= 0) return null;
  return (
    <tr class="spacer" aria-hidden="true">
      <td colSpan={6} style={{ height: `${px}px` }} />
    </tr>
  );
}

function SortHeader({
  column,
  query,
  className,
}: {
  column: SortColumn;
  query: QueueQuery;
  className: string;
}) {
  const app = useApp();
  const { t } = useText();
  const active = query.sort.column === column;
  const order = query.sort.descending ? 'descending' : 'ascending';
  return (
    <th scope="col" class={className} aria-sort={active ? order : 'none'}>
      <button type="button" class="sort" onClick={() => choose(sortedBy(query, column))}>
        {t(COLUMN_WORDS[column])}
        {active && <Icon name={query.sort.descending ? 'down' : 'up'} />}
      </button>
    </th>
  );

  function choose(next: QueueQuery): void {
    app.queue.update((state) => withQuery(state, next));
    app.router.note(writeQuery(next));
  }
}
