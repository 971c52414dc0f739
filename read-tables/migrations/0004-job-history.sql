-- The past of table `jobs`. Only the log can tell it, so tables that hold rows already are emptied and the projector
-- fills them again from the first event; raising the fencing epoch makes one that runs meanwhile start over.

-- up

create table jobs_v1.job_history (
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
);
alter table jobs_v1.job_history add primary key (owner, created_at, job_id, revision);
create index if not exists job_history_by_created on jobs_v1.job_history (created_at, job_id);
create index job_history_by_state on jobs_v1.job_history (state, created_at, job_id, owner, since, until)
  where state not in ('ready', 'expired');
create or replace view docket.job_history as select * from jobs_v1.job_history;
truncate jobs_v1.jobs, jobs_v1.job_events, jobs_v1.job_artifacts;
delete from docket.checkpoints where projection = 'jobs' and version = 1;
delete from docket.quarantine where projection = 'jobs' and version = 1;
update docket.projection_leases set fencing_epoch = fencing_epoch + 1
  where projection = 'jobs' and version = 1;
update docket.projections set epoch = gen_random_uuid() where name = 'jobs' and version = 1;

-- down

drop view docket.job_history;
drop table jobs_v1.job_history;
