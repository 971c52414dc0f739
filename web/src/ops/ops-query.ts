import type { DashboardRange } from '../../../schemas/protocols/dashboard-api.ts';
import type { JobFailureCode } from '../../../schemas/errors/error-codes.ts';
import type { JobStateName } from '../../../schemas/job-states.ts';
import { SEARCH_LENGTH_MAX } from '../jobs/queue-query.ts';
import { STATES } from '../jobs/states.ts';

/** The windows of `GET /api/dashboard`, with their lengths in minutes. A test compares them with the schema. */
export const RANGES_MIN: Readonly<Record<DashboardRange, number>> = {
  '15m': 15,
  '1h': 60,
  '6h': 360,
  '24h': 1_440,
  '7d': 10_080,
  '30d': 43_200,
  '90d': 129_600,
};
export const RANGES = Object.keys(RANGES_MIN) as DashboardRange[];

/**
 * The figures and jobs that the operator chose to see. The address contains the whole choice, so a link shows other
 * people the same page.
 */
export interface OpsQuery {
  readonly range: DashboardRange;
  /** IANA name of the time zone for shown times and for the start of days. */
  readonly zone: string;
  /** The chosen moment (ISO 8601 in UTC); null is now. */
  readonly at: string | null;
  /** Filters of the queue. An empty list and null select all jobs. */
  readonly states: readonly JobStateName[];
  readonly code: JobFailureCode | null;
  readonly search: string;
}

/** Changes the choice. */
export type Choose = (change: Partial<OpsQuery>) => void;

/** Reads the address, and ignores unknown values. `zone` is the zone of the browser. */
export function readOpsQuery(searchParams: string, zone: string): OpsQuery {
  const params = new URLSearchParams(searchParams);
  const wanted = (params.get('state') ?? '').split(',');
  const atMs = Date.parse(params.get('at') ?? '');
  const code = params.get('code') ?? '';
  const named = params.get('zone') ?? '';
  return {
    range: RANGES.find((each) => each === params.get('range')) ?? '1h',
    zone: isZone(named) ? named : zone,
    at: Number.isNaN(atMs) ? null : new Date(atMs).toISOString(),
    states: STATES.filter((state) => wanted.includes(state)),
    // The server refuses an unknown code with an explanation.
    code: /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? (code as JobFailureCode) : null,
    search: (params.get('search') ?? '').slice(0, SEARCH_LENGTH_MAX),
  };
}

export function writeOpsQuery({ range, zone, at, states, code, search }: OpsQuery): string {
  const params = new URLSearchParams({ range, zone });
  if (at !== null) params.set('at', at);
  if (states.length > 0) params.set('state', states.join(','));
  if (code !== null) params.set('code', code);
  if (search.trim() !== '') params.set('search', search.trim());
  return `?${params.toString().replaceAll('%2C', ',').replaceAll('%2F', '/').replaceAll('%3A', ':')}`;
}

/** The query of `GET /api/ops/jobs` for the page of the queue that begins at `after`. */
export function listQuery(
  { states, code, search, at }: OpsQuery,
  limit: number,
  after: string | null,
): string {
  const params = new URLSearchParams({ sort: '-updated', limit: String(limit) });
  if (states.length > 0) params.set('state', states.join(','));
  if (code !== null) params.set('errorCode', code);
  if (search.trim() !== '') params.set('search', search.trim());
  if (at !== null) params.set('asOf', at);
  if (after !== null) params.set('after', after);
  return `?${params.toString()}`;
}

export function isZone(name: string): boolean {
  if (name === '') return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    // Intl threw a RangeError, because the browser does not know the zone.
    return false;
  }
}
