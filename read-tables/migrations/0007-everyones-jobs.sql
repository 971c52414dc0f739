-- Indexes for lists of everyone's jobs, now and in the past; tables that were just made have them already.

-- up

create index if not exists jobs_by_created on jobs_v1.jobs (created_at, job_id);
create index if not exists job_history_by_created on jobs_v1.job_history (created_at, job_id);

-- down

drop index if exists jobs_v1.jobs_by_created, jobs_v1.job_history_by_created;
