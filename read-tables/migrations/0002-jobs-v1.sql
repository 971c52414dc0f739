-- Projection `jobs`, version 1, empty and current. Its checkpoint appears with its first batch.

-- up

create schema jobs_v1;
create table jobs_v1.jobs (
  job_id uuid primary key,
  owner text not null,
  filename text not null,
  mapping_id text not null,
  mapping_version integer not null,
  state text not null constraint jobs_state_known check (state in ('queued', 'converting', 'waiting', 'ready', 'failed', 'cancelled', 'expired')),
  error_code text constraint jobs_error_code_known check (error_code in ('GW_4XX', 'GW_5XX', 'GW_TIMEOUT', 'GW_UNREACHABLE', 'GW_BAD_OUTPUT', 'IO_ERROR', 'JOB_TIMEOUT', 'ABANDONED')),
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
create table jobs_v1.job_events (
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
create table jobs_v1.job_artifacts (
  job_id uuid not null,
  kind text not null constraint job_artifacts_kind_known check (kind in ('source', 'result')),
  blob_key text not null,
  bytes bigint,
  sha256 text,
  media_type text,
  created_at timestamptz,
  expired_at timestamptz,
  primary key (job_id, kind, blob_key)
);
alter table jobs_v1.job_events add primary key (job_id, revision);
create index job_events_by_at on jobs_v1.job_events using brin (at, position)
  with (pages_per_range = 16, autosummarize = on);
create index jobs_by_owner_state on jobs_v1.jobs (owner, state);
create index jobs_by_owner_position on jobs_v1.jobs (owner, position);
create index jobs_by_state_created on jobs_v1.jobs (state, created_at);
create index jobs_by_position on jobs_v1.jobs (position);
create index jobs_by_owner_created on jobs_v1.jobs (owner, created_at, job_id, position);
create index jobs_by_created on jobs_v1.jobs (created_at, job_id, position);
create or replace view docket.jobs as select * from jobs_v1.jobs;
create or replace view docket.job_events as select * from jobs_v1.job_events;
create or replace view docket.job_artifacts as select * from jobs_v1.job_artifacts;
insert into docket.projections (name, version, epoch, is_current)
  values ('jobs', 1, gen_random_uuid(), true);

-- down

drop view docket.jobs, docket.job_events, docket.job_artifacts;
drop schema jobs_v1 cascade;
delete from docket.projections where name = 'jobs' and version = 1;
delete from docket.checkpoints where projection = 'jobs' and version = 1;
delete from docket.projection_leases where projection = 'jobs' and version = 1;
delete from docket.quarantine where projection = 'jobs' and version = 1;
