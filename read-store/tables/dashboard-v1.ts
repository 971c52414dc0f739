/** The schema that the tables of version 1 of projection `dashboard` live in. */
export const DASHBOARD_V1_SCHEMA = 'dashboard_v1';
/** The tables, each of which has a view of the same name in schema `docket`. */
export const DASHBOARD_V1_TABLES = ['dashboard_streams', 'dashboard_figures', 'dashboard_breaker'] as const;

/**
 * Makes the tables of `dashboard` version 1, with those keys only that writing needs.
 * `dashboard_streams` is what makes counting exact: each stream's last counted revision, and the little that the next
 * event is counted by. `dashboard_figures` holds every figure by the minute, by the quarter of an hour and in all.
 * `dashboard_breaker` lists the circuit breaker's transitions.
 */
export function createDashboardV1(schema: string): string {
  return `
    create schema ${schema};
    create table ${schema}.dashboard_streams (
      stream text primary key,
      state text,
      error_code text,
      fencing_token text,
      source_bytes bigint,
      result_bytes bigint,
      active_since timestamptz,
      revision bigint not null
    );
    create table ${schema}.dashboard_figures (
      grain text not null constraint dashboard_grain_known check (grain in ('minute', 'quarter', 'ever')),
      start timestamptz not null,
      figure text not null,
      detail text not null,
      value bigint not null,
      primary key (grain, start, figure, detail)
    );
    create table ${schema}.dashboard_breaker (
      revision bigint not null,
      position bigint not null,
      at timestamptz not null,
      processor_id text not null,
      opened boolean not null,
      failures bigint,
      last_code text,
      paused_ms bigint
    );`;
}

/** The other keys and indexes. Few jobs are active, and few minutes saw a removal, so these stay small. */
export function indexDashboardV1(schema: string): string {
  return `
    alter table ${schema}.dashboard_breaker add primary key (revision);
    create index dashboard_streams_active on ${schema}.dashboard_streams (active_since)
      where active_since is not null;
    create index dashboard_figures_removals on ${schema}.dashboard_figures (start)
      where grain = 'minute' and figure in ('removed_sources', 'removed_results');`;
}
