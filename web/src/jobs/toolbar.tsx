import { useEffect, useRef } from 'preact/hooks';
import { useApp } from '../app.ts';
import {
  FILTERS,
  filterOf,
  SEARCH_LENGTH_MAX,
  SORT_COLUMNS,
  writeQuery,
  type FilterName,
  type QueueQuery,
} from './queue-query.ts';
import { withQuery } from './queue-state.ts';
import { NO_ANNOUNCEMENTS, merged } from '../live/announcements.ts';
import { useStore } from '../store.ts';
import type { MessageKey } from '../text/en.ts';
import { useText } from '../text/text-context.ts';
import { Button, Icon } from '../page/icons.tsx';

const FILTER_WORDS = {
  all: 'filterAll',
  active: 'filterActive',
  ready: 'state_ready',
  failed: 'state_failed',
  ended: 'filterEnded',
} as const satisfies Record<FilterName, MessageKey>;

const SORT_WORDS = {
  '-created': 'sortNewest',
  created: 'sortOldest',
  '-updated': 'sortUpdated',
  updated: 'sortUpdatedAsc',
  filename: 'sortNameAsc',
  '-filename': 'sortNameDesc',
  '-size': 'sortSizeDesc',
  size: 'sortSizeAsc',
} as const satisfies Record<string, MessageKey>;

/** The number of matches is announced after this pause in typing. */
const SAY_AFTER_MS = 700;

/** Filter, search and order of the queue. The address contains all three. */
export function Toolbar() {
  const app = useApp();
  const { query } = useStore(app.queue, (now) => now.view);
  const choose = useChoice();
  return (
    <div class="toolbar">
      <Filters query={query} choose={choose} />
      <SearchField query={query} choose={choose} />
      <SortChoice query={query} choose={choose} />
    </div>
  );
}

interface Choosing {
  readonly query: QueueQuery;
  readonly choose: (next: QueueQuery) => void;
}

/** Applies a query and writes it into the address. After a pause, the live region announces the number of matches. */
export function useChoice(): (next: QueueQuery) => void {
  const app = useApp();
  const { t } = useText();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (next) => {
    app.queue.update((state) => withQuery(state, next));
    app.router.note(writeQuery(next));
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const count = app.queue.get().view.rows.length;
      const said = [t('announceMatches', { count })];
      app.announcements.update((now) => merged(now, { ...NO_ANNOUNCEMENTS, said }));
    }, SAY_AFTER_MS);
  };
}

function Filters({ query, choose }: Choosing) {
  const app = useApp();
  const { t, formats } = useText();
  const { counts, total } = useStore(app.queue, (now) => now.view);
  const active = filterOf(query);
  const countOf = (name: FilterName) =>
    name === 'all' ? total : FILTERS[name].reduce((sum, state) => sum + counts[state], 0);
  const offered = (Object.keys(FILTERS) as FilterName[]).filter(
    (name) => name !== 'ended' || countOf(name) > 0 || active === name,
  );
  return (
    <div class="filters" role="group" aria-label={t('filterLabel')}>
      {offered.map((name) => (
        <Button
          key={name}
          class="filter"
          data-filter={name}
          aria-pressed={active === name}
          onClick={() => choose({ ...query, states: FILTERS[name] })}
        >
          {t(FILTER_WORDS[name])} <span class="count">{formats.number(countOf(name))}</span>
        </Button>
      ))}
    </div>
  );
}

function SearchField({ query, choose }: Choosing) {
  const { t } = useText();
  return (
    <label class="search">
      <span class="visually-hidden">{t('searchLabel')}</span>
      <Icon name="search" />
      <input
        id="search"
        type="search"
        value={query.search}
        maxLength={SEARCH_LENGTH_MAX}
        placeholder={t('searchLabel')}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => choose({ ...query, search: event.currentTarget.value })}
        onKeyDown={(event) => event.key === 'Escape' && choose({ ...query, search: '' })}
      />
    </label>
  );
}

function SortChoice({ query, choose }: Choosing) {
  const { t } = useText();
  const value = `${query.sort.descending ? '-' : ''}${query.sort.column}`;
  return (
    <label class="field sort-choice">
      <span>{t('sortLabel')}</span>
      <select
        value={value}
        onChange={(event) => {
          const wanted = event.currentTarget.value;
          const column = SORT_COLUMNS.find((each) => each === wanted.replace('-', '')) ?? 'created';
          choose({ ...query, sort: { column, descending: wanted.startsWith('-') } });
        }}
      >
        {(Object.keys(SORT_WORDS) as (keyof typeof SORT_WORDS)[]).map((each) => (
          <option key={each} value={each}>
            {t(SORT_WORDS[each])}
          </option>
        ))}
      </select>
    </label>
  );
}
