import { JOB_FAILURE_CODES } from '../../schemas/error-codes.ts';
import { JOB_STATES } from '../../schemas/job-states.ts';

/** The schema that the tables of version 1 of projection `jobs` live in. */
export const JOBS_V1_SCHEMA = 'jobs_v1';
/** The tables, each of which has a view of the same name in schema `docket`. */
export const JOBS_V1_TABLES = ['jobs', 'job_events', 'job_artifacts'] as const;

const listed = (words: readonly string[]) => words.map((word) => `'${word}'`).join(', ');

/** Makes the tables of `jobs` version 1, with those keys only that writing needs. */
export function createJobsV1(schema: string): string {
  return `
    create schema ${schema};
    create table ${schema}.jobs (
      job_id uuid primary key,
      owner text not null,
      filename text not null,
      mapping_id text not null,
      mapping_version integer not null,
      state text not null constraint jobs_state_known check (state in (${listed(JOB_STATES)})),
      error_code text constraint jobs_error_code_known check (error_code in (${listed(JOB_FAILURE_CODES)})),
      error_reason text,
      error_message text,
      attempts integer not null,
      runs integer not null,
      bytes bigint not null,
      sha256 text not null,
      pages bigint,
      warnings jsonb,
      source_key text,
      result_key text,
      result_bytes bigint,
      result_media_type text,
      result_sha256 text,
      priority integer not null,
      next_attempt_at timestamptz,
      lease_until timestamptz,
      worker_id text,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      revision bigint not null,
      position bigint not null,
      charged_attempts integer not null,
      attempts_ever integer not null,
      first_attempt_at timestamptz,
      fencing_token text,
      gateway_ms bigint
    );
    create table ${schema}.job_events (
      job_id uuid not null,
      revision bigint not null,
      position bigint not null,
      at timestamptz not null,
      type text not null,
      actor text not null,
      correlation_id text not null,
      causation_id text not null,
      data jsonb not null
    );
    create table ${schema}.job_artifacts (
      job_id uuid not null,
      kind text not null constraint job_artifacts_kind_known check (kind in ('source', 'result')),
      blob_key text not null,
      bytes bigint,
      sha256 text,
      media_type text,
      created_at timestamptz,
      expired_at timestamptz,
      primary key (job_id, kind, blob_key)
    );`;
}

/** The other keys and indexes; a rebuild makes them once, at its end, which is far cheaper than row by row. */
export function indexJobsV1(schema: string): string {
  return indexJobEvents(schema) + indexJobs(schema);
}

/** Those of the timeline. */
export function indexJobEvents(schema: string): string {
  return `
    alter table ${schema}.job_events add primary key (job_id, revision);
    create index job_events_by_at on ${schema}.job_events using brin (at, position)
      with (pages_per_range = 16, autosummarize = on);`;
}

/** Those of the queue. */
export function indexJobs(schema: string): string {
  return `
    create index jobs_by_owner_state on ${schema}.jobs (owner, state);
    create index jobs_by_owner_position on ${schema}.jobs (owner, position);
    create index jobs_by_state_created on ${schema}.jobs (state, created_at);
    create index jobs_by_position on ${schema}.jobs (position);
    ${indexJobsByCreation(schema)}`;
}

/**
 * For lists of an owner's jobs and of everyone's. The position is in them so that a list of the past passes over the
 * jobs that have changed since, which in time are all of them, without reading their rows.
 */
export function indexJobsByCreation(schema: string): string {
  return `
    create index jobs_by_owner_created on ${schema}.jobs (owner, created_at, job_id, position);
    create index jobs_by_created on ${schema}.jobs (created_at, job_id, position);`;
}

/** Lets the stable views of schema `docket` show the tables of `schema`. */
export function pointViewsAt(schema: string, tables: readonly string[]): string {
  return tables
    .map((table) => `create or replace view docket.${table} as select * from ${schema}.${table};`)
    .join('\n');
}
