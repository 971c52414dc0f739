import { useRef, useState } from 'preact/hooks';
import { useApp } from '../app.ts';
import { withQuery, type QueueState } from './queue-state.ts';
import { sortedBy, writeQuery, type QueueQuery, type SortColumn } from './queue-query.ts';
import { useStore } from '../store.ts';
import type { MessageKey } from '../text/en.ts';
import { useText } from '../text/text-context.ts';
import { Button, Icon } from '../page/icons.tsx';
import { JobRow, SelectAll } from './job-row.tsx';
import { useKeptFocus } from '../page/kept-focus.ts';
import { ROWS_DRAWN_MAX, useRowWindow } from './row-window.ts';
import type { JobView } from '../../../schemas/protocols/http-api.ts';

interface SteadyRows {
  readonly rows: readonly JobView[];
  /** Number of new documents that stay hidden until the pointer or the keyboard focus has left the list. */
  readonly held: number;
  readonly hold: () => void;
  readonly release: () => void;
}

/**
 * Rows that do not move away from the pointer. While the pointer is on the list, rows change in place, but none
 * moves, disappears or appears. After a new search, filter or sort, rows may move again.
 */
function useSteadyRows({ jobs, view }: QueueState): SteadyRows {
  const held = useRef<{
    readonly query: QueueQuery;
    readonly jobIds: readonly string[];
    readonly known: ReadonlySet<string>;
  } | null>(null);
  const [, redraw] = useState(0);
  if (held.current !== null && held.current.query !== view.query) held.current = null;

  const frozen = held.current;
  return {
    rows:
      frozen === null
        ? view.rows
        : frozen.jobIds.map((jobId) => jobs.get(jobId)).filter((job) => job !== undefined),
    held:
      frozen === null ? 0 : view.rows.reduce((sum, { jobId }) => sum + (frozen.known.has(jobId) ? 0 : 1), 0),
    hold() {
      if (held.current !== null) return;
      const jobIds = view.rows.map(({ jobId }) => jobId);
      held.current = { query: view.query, jobIds, known: new Set(jobIds) };
    },
    release() {
      if (held.current === null) return;
      held.current = null;
      redraw((count) => count + 1);
    },
  };
}

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
        <Button icon="up" class="show-new" onClick={steady.release}>
          {t('showNewRows', { count: steady.held })}
        </Button>
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
      <Button class="sort" onClick={() => choose(sortedBy(query, column))}>
        {t(COLUMN_WORDS[column])}
        {active && <Icon name={query.sort.descending ? 'down' : 'up'} />}
      </Button>
    </th>
  );

  function choose(next: QueueQuery): void {
    app.queue.update((state) => withQuery(state, next));
    app.router.note(writeQuery(next));
  }
}
