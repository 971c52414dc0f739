import { createJobsV1, indexJobEvents, indexJobs, JOBS_V1_TABLES } from './jobs-v1.ts';

/** Every table of projection `jobs` as this build writes it; each has a view of the same name in schema `docket`. */
export const JOBS_TABLES = [...JOBS_V1_TABLES, 'job_history'] as const;

/**
 * Rows of `jobs` that were replaced, each with the positions between which it was the row: from `since` (inclusive)
 * until `until` (exclusive). What the queue showed at position P are the rows of `jobs` with a position of P or less
 * and the rows here with `since <= P < until`; no event has to be folded again (ADR 0045).
 */
export function createJobHistory(schema: string): string {
  return `
    create table ${schema}.job_history (
      owner text not null,
      created_at timestamptz not null,
      job_id uuid not null,
      revision bigint not null,
      since bigint not null,
      until bigint not null,
      filename text not null,
      mapping_id text not null,
      mapping_version integer not null,
      state text not null,
      error_code text,
      error_reason text,
      error_message text,
      attempts integer not null,
      bytes bigint not null,
      pages bigint,
      warnings jsonb,
      result_bytes bigint,
      result_media_type text,
      result_sha256 text,
      next_attempt_at timestamptz,
      updated_at timestamptz not null
    );`;
}

/** The key is in the order of an owner's list, so that the past is paged as the present is. */
export function indexJobHistory(schema: string): string {
  return `
    alter table ${schema}.job_history add primary key (owner, created_at, job_id, revision);
    ${indexEveryonesHistory(schema)}
    ${indexHistoryByState(schema)}`;
}

/** For an operator's list of everyone's jobs as they were. */
export function indexEveryonesHistory(schema: string): string {
  return `
    create index if not exists job_history_by_created on ${schema}.job_history (created_at, job_id);`;
}

/**
 * For lists of the past by state, whose rows are few at any moment among all that ever were in it; the rows themselves
 * are read only when they stood then. Jobs are ready or expired in such numbers that a page fills without it.
 */
export function indexHistoryByState(schema: string): string {
  return `
    create index job_history_by_state on ${schema}.job_history (state, created_at, job_id, owner, since, until)
      where state not in ('ready', 'expired');`;
}

/** All tables of projection `jobs`, with those keys only that writing needs. */
export function createJobsTables(schema: string): string {
  return createJobsV1(schema) + createJobHistory(schema);
}

/** Their other keys and indexes, made once at the end of a build: a text a table, the largest first. */
export function indexJobsTables(schema: string): readonly string[] {
  return [indexJobHistory(schema), indexJobEvents(schema), indexJobs(schema)];
}
