import type { JobStateName } from '../../../schemas/job-states.ts';
import { ACTIVE_STATES, STATES } from './states.ts';

export const SORT_COLUMNS = ['created', 'updated', 'filename', 'size'] as const;
export type SortColumn = (typeof SORT_COLUMNS)[number];

/**
 * The jobs that the user chose to see. The address contains the choice, so that a reload, a bookmark and Back keep
 * it.
 */
export interface QueueQuery {
  /** An empty list means every state. */
  readonly states: readonly JobStateName[];
  readonly search: string;
  readonly sort: { readonly column: SortColumn; readonly descending: boolean };
}

/** The server's own limit for a search. */
export const SEARCH_LENGTH_MAX = 100;

export const PLAIN_QUERY: QueueQuery = {
  states: [],
  search: '',
  sort: { column: 'created', descending: true },
};

export const FILTERS = {
  all: [],
  active: ACTIVE_STATES,
  ready: ['ready'],
  failed: ['failed'],
  ended: ['cancelled', 'expired'],
} as const satisfies Record<string, readonly JobStateName[]>;
export type FilterName = keyof typeof FILTERS;

/** Reads a query from the address, and ignores unknown values. */
export function readQuery(searchParams: string): QueueQuery {
  const params = new URLSearchParams(searchParams);
  const wanted = (params.get('state') ?? '').split(',');
  const sort = params.get('sort') ?? '-created';
  const column = SORT_COLUMNS.find((each) => each === sort.replace(/^-/, ''));
  return {
    states: STATES.filter((state) => wanted.includes(state)),
    search: (params.get('search') ?? '').slice(0, SEARCH_LENGTH_MAX),
    sort: column === undefined ? PLAIN_QUERY.sort : { column, descending: sort.startsWith('-') },
  };
}

/** Writes a query for the address. The default query is empty; every other query starts with `?`. */
export function writeQuery(query: QueueQuery): string {
  const params = new URLSearchParams();
  if (query.states.length > 0) params.set('state', query.states.join(','));
  if (query.search !== '') params.set('search', query.search);
  const sort = `${query.sort.descending ? '-' : ''}${query.sort.column}`;
  if (sort !== '-created') params.set('sort', sort);
  const text = params.toString().replaceAll('%2C', ',');
  return text === '' ? '' : `?${text}`;
}

/** The filter button for a query; null when no button has this query, because the user edited the address. */
export function filterOf(query: QueueQuery): FilterName | null {
  const names = Object.keys(FILTERS) as FilterName[];
  return names.find((name) => FILTERS[name].join() === query.states.join()) ?? null;
}

export function isPlain(query: QueueQuery): boolean {
  return query.states.length === 0 && query.search === '';
}

/** A second click on a column reverses the order. Times and sizes start with the greatest. */
export function sortedBy(query: QueueQuery, column: SortColumn): QueueQuery {
  const descending = query.sort.column === column ? !query.sort.descending : column !== 'filename';
  return { ...query, sort: { column, descending } };
}
