-- Indexes by which lists of the past stay quick as the log grows; tables that were just made have the first already.

-- up

drop index jobs_v1.jobs_by_owner_created, jobs_v1.jobs_by_created;
create index jobs_by_owner_created on jobs_v1.jobs (owner, created_at, job_id, position);
create index jobs_by_created on jobs_v1.jobs (created_at, job_id, position);
drop index if exists jobs_v1.job_history_by_state;
create index job_history_by_state on jobs_v1.job_history (state, created_at, job_id, owner, since, until)
  where state not in ('ready', 'expired');

-- down

drop index jobs_v1.jobs_by_owner_created, jobs_v1.jobs_by_created,
  jobs_v1.job_history_by_state;
create index jobs_by_owner_created on jobs_v1.jobs (owner, created_at, job_id);
create index jobs_by_created on jobs_v1.jobs (created_at, job_id);
