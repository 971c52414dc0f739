-- Schema `analytics`: what analysts may build on (docs/analytics.md), and the role that reads it.

-- up

create schema analytics;
comment on schema analytics is 'Documented, stable views for analysts; all times are UTC instants.';
create view analytics.jobs (
  job_id, owner, filename, mapping_id, mapping_version, state, error_code, error_reason, error_message,
  attempts, attempts_ever, runs, bytes, pages, warnings, result_bytes, result_media_type, gateway_ms,
  priority, created_at, updated_at, position
) as
  select job_id, owner, filename, mapping_id, mapping_version, state, error_code, error_reason, error_message,
    attempts, attempts_ever, runs, bytes, pages, jsonb_array_length(warnings), result_bytes, result_media_type,
    gateway_ms, priority, created_at, updated_at, position
  from docket.jobs;
comment on view analytics.jobs is 'One row a job: one file of one owner under one mapping, as it is now.';
comment on column analytics.jobs.job_id is 'Id of the job; the same file, owner and mapping always have the same.';
comment on column analytics.jobs.owner is 'Opaque id of whoever uploaded the file.';
comment on column analytics.jobs.filename is 'Name of the file at its last upload.';
comment on column analytics.jobs.mapping_id is 'Mapping that the file is converted with.';
comment on column analytics.jobs.mapping_version is 'Version of that mapping.';
comment on column analytics.jobs.state is 'queued, converting, waiting (for a retry), ready, failed, cancelled or expired.';
comment on column analytics.jobs.error_code is 'Why it failed, or what it waits after; null for jobs without an error.';
comment on column analytics.jobs.error_reason is 'The own reason of the converter, such as PDF_ENCRYPTED; null when it gave none.';
comment on column analytics.jobs.error_message is 'The error in one sentence.';
comment on column analytics.jobs.attempts is 'Attempts since the conversion was last requested.';
comment on column analytics.jobs.attempts_ever is 'Attempts in the whole life of the job.';
comment on column analytics.jobs.runs is 'Times the conversion was requested: by upload, retry or upload of the same file again.';
comment on column analytics.jobs.bytes is 'Size of the PDF in bytes.';
comment on column analytics.jobs.pages is 'Pages of the PDF; null before a success.';
comment on column analytics.jobs.warnings is 'Number of warnings of the conversion; null before a success.';
comment on column analytics.jobs.result_bytes is 'Size of the result in bytes; null before a success.';
comment on column analytics.jobs.result_media_type is 'Media type of the result; null before a success.';
comment on column analytics.jobs.gateway_ms is 'Milliseconds the converter took for the result; null before a success.';
comment on column analytics.jobs.priority is 'Higher goes first, -10 to 10.';
comment on column analytics.jobs.created_at is 'When the file was first uploaded.';
comment on column analytics.jobs.updated_at is 'When the state last changed.';
comment on column analytics.jobs.position is 'Position in the log of the last event of the job.';
create view analytics.transitions (
  job_id, owner, mapping_id, revision, position, at, from_state, to_state, seconds_before, error_code
) as
  with standing as (
    select job_id, owner, mapping_id, revision, since as position, updated_at, state, error_code
      from docket.job_history
    union all
    select job_id, owner, mapping_id, revision, position, updated_at, state, error_code from docket.jobs
  ), entered as (
    select *, lag(state) over earlier as from_state, lag(updated_at) over earlier as since_at
    from standing window earlier as (partition by job_id order by revision)
  )
  select job_id, owner, mapping_id, revision, position, updated_at, from_state, state,
    round(extract(epoch from updated_at - since_at), 3), error_code
  from entered where from_state is distinct from state;
comment on view analytics.transitions is 'One row each time a job came into another state, or was requested again in the same one.';
comment on column analytics.transitions.job_id is 'The job.';
comment on column analytics.transitions.owner is 'Its owner.';
comment on column analytics.transitions.mapping_id is 'Its mapping.';
comment on column analytics.transitions.revision is 'Place of the event in the stream of the job, from 0.';
comment on column analytics.transitions.position is 'Position of the event in the log.';
comment on column analytics.transitions.at is 'When the job came into the state.';
comment on column analytics.transitions.from_state is 'State before; null for the upload of a new file.';
comment on column analytics.transitions.to_state is 'State from then on.';
comment on column analytics.transitions.seconds_before is 'Seconds the job had been in the state before; null for the upload of a new file.';
comment on column analytics.transitions.error_code is 'Code of the error that led here; null when none did.';
create view analytics.attempts (
  job_id, owner, mapping_id, attempt, worker_id, started_at, ended_at, seconds, outcome, code, reason,
  gateway_ms, backoff_seconds
) as
  select s.job_id, j.owner, j.mapping_id, (s.data->>'attempt')::integer, s.data->>'workerId', s.at, o.at,
    round(extract(epoch from o.at - s.at), 3),
    case o.type when 'ConversionSucceeded' then 'succeeded' when 'ConversionDeferred' then 'deferred'
      when 'ConversionFailed' then 'failed' when 'AttemptAbandoned' then 'abandoned'
      when 'ConversionCancelled' then 'cancelled' else 'running' end,
    coalesce(o.data->>'code', case when o.type = 'AttemptAbandoned' then o.data->>'cause' end),
    o.data->>'reason', (o.data->>'gatewayMs')::bigint,
    round(extract(epoch from (o.data->>'notBefore')::timestamptz - o.at), 3)
  from docket.job_events s
  join docket.jobs j on j.job_id = s.job_id
  left join lateral (
    select at, type, data from docket.job_events e
    where e.job_id = s.job_id and e.revision > s.revision
      and (e.data->>'fencingToken' = s.revision::text or e.type = 'ConversionCancelled')
    order by e.revision limit 1
  ) o on true
  where s.type = 'ConversionStarted';
comment on view analytics.attempts is 'One row an attempt to convert, from the claim of a worker to the outcome.';
comment on column analytics.attempts.job_id is 'The job.';
comment on column analytics.attempts.owner is 'Its owner.';
comment on column analytics.attempts.mapping_id is 'Its mapping.';
comment on column analytics.attempts.attempt is 'Number of the attempt over the whole life of the job, from 1.';
comment on column analytics.attempts.worker_id is 'Worker that claimed it.';
comment on column analytics.attempts.started_at is 'When it was claimed.';
comment on column analytics.attempts.ended_at is 'When its outcome was decided; null while it runs.';
comment on column analytics.attempts.seconds is 'From claim to outcome; null while it runs.';
comment on column analytics.attempts.outcome is 'succeeded, deferred (another attempt follows), failed, abandoned, cancelled or running.';
comment on column analytics.attempts.code is 'Code of the failure, or cause of the abandonment; null otherwise.';
comment on column analytics.attempts.reason is 'The own reason of the converter; null when it gave none.';
comment on column analytics.attempts.gateway_ms is 'Milliseconds the converter took; null unless it succeeded.';
comment on column analytics.attempts.backoff_seconds is 'Wait that was decided before the next attempt; null unless it was deferred.';
create view analytics.owners (
  owner, jobs, ready, failed, active, source_bytes, result_bytes, first_upload_at, last_change_at
) as
  select owner, count(*), count(*) filter (where state = 'ready'), count(*) filter (where state = 'failed'),
    count(*) filter (where state in ('queued', 'converting', 'waiting')), sum(bytes),
    coalesce(sum(result_bytes) filter (where state = 'ready'), 0), min(created_at), max(updated_at)
  from docket.jobs group by owner;
comment on view analytics.owners is 'One row an owner, with what they have uploaded.';
comment on column analytics.owners.owner is 'Opaque id of the owner.';
comment on column analytics.owners.jobs is 'Jobs in all.';
comment on column analytics.owners.ready is 'Jobs whose result can be downloaded.';
comment on column analytics.owners.failed is 'Jobs that have failed.';
comment on column analytics.owners.active is 'Jobs that are queued, converting or waiting.';
comment on column analytics.owners.source_bytes is 'Bytes of the uploaded PDFs.';
comment on column analytics.owners.result_bytes is 'Bytes of the results that can be downloaded.';
comment on column analytics.owners.first_upload_at is 'When the first file was uploaded.';
comment on column analytics.owners.last_change_at is 'When a job last changed.';
create view analytics.throughput_hourly (
  hour, requested, uploaded_bytes, started, succeeded, failed, deferred, abandoned, cancelled,
  downloads, pages
) as
  select date_trunc('hour', at, 'UTC'),
    count(*) filter (where type = 'ConversionRequested'),
    coalesce(sum((data->>'bytes')::bigint) filter (where type = 'DocumentUploaded'), 0),
    count(*) filter (where type = 'ConversionStarted'),
    count(*) filter (where type = 'ConversionSucceeded'),
    count(*) filter (where type = 'ConversionFailed'),
    count(*) filter (where type = 'ConversionDeferred'),
    count(*) filter (where type = 'AttemptAbandoned'),
    count(*) filter (where type = 'ConversionCancelled'),
    count(*) filter (where type = 'ResultDownloaded'),
    coalesce(sum((data->>'pages')::bigint) filter (where type = 'ConversionSucceeded'), 0)
  from docket.job_events group by 1;
comment on view analytics.throughput_hourly is 'One row an hour (UTC) in which anything happened.';
comment on column analytics.throughput_hourly.hour is 'Beginning of the hour.';
comment on column analytics.throughput_hourly.requested is 'Conversions requested: by upload, retry or upload of the same file again.';
comment on column analytics.throughput_hourly.uploaded_bytes is 'Bytes of the PDFs uploaded.';
comment on column analytics.throughput_hourly.started is 'Attempts begun.';
comment on column analytics.throughput_hourly.succeeded is 'Conversions that succeeded.';
comment on column analytics.throughput_hourly.failed is 'Jobs that failed for good.';
comment on column analytics.throughput_hourly.deferred is 'Attempts that failed and were to be repeated.';
comment on column analytics.throughput_hourly.abandoned is 'Attempts whose worker was lost or stopped.';
comment on column analytics.throughput_hourly.cancelled is 'Jobs cancelled.';
comment on column analytics.throughput_hourly.downloads is 'Results downloaded completely.';
comment on column analytics.throughput_hourly.pages is 'Pages of the conversions that succeeded.';
create view analytics.failures_by_code (
  day, code, reason, failed, deferred, jobs
) as
  select date_trunc('day', at, 'UTC'), data->>'code', data->>'reason',
    count(*) filter (where type = 'ConversionFailed'), count(*) filter (where type = 'ConversionDeferred'),
    count(distinct job_id)
  from docket.job_events where type in ('ConversionFailed', 'ConversionDeferred') group by 1, 2, 3;
comment on view analytics.failures_by_code is 'One row a day (UTC), code and reason: failures for good, and attempts that were repeated.';
comment on column analytics.failures_by_code.day is 'The day.';
comment on column analytics.failures_by_code.code is 'Code of the failure.';
comment on column analytics.failures_by_code.reason is 'The own reason of the converter; null when it gave none.';
comment on column analytics.failures_by_code.failed is 'Jobs that failed for good.';
comment on column analytics.failures_by_code.deferred is 'Attempts that failed and were to be repeated.';
comment on column analytics.failures_by_code.jobs is 'Jobs concerned.';
create view analytics.latency_daily (
  day, mapping_id, conversions, total_p50_seconds, total_p95_seconds, total_p99_seconds,
  gateway_p50_ms, gateway_p95_ms, gateway_p99_ms
) as
  with timed as (
    select s.at, j.mapping_id, (s.data->>'gatewayMs')::bigint as gateway_ms,
      extract(epoch from s.at - r.at) as seconds
    from docket.job_events s
    join docket.jobs j on j.job_id = s.job_id
    cross join lateral (
      select at from docket.job_events e
      where e.job_id = s.job_id and e.revision < s.revision and e.type = 'ConversionRequested'
      order by e.revision desc limit 1
    ) r
    where s.type = 'ConversionSucceeded'
  ), ranked as (
    select date_trunc('day', at, 'UTC') as day, mapping_id, count(*) as conversions,
      percentile_cont(array[0.5, 0.95, 0.99]) within group (order by seconds) as total,
      percentile_disc(array[0.5, 0.95, 0.99]) within group (order by gateway_ms) as gateway
    from timed group by 1, 2
  )
  select day, mapping_id, conversions, round(total[1]::numeric, 3), round(total[2]::numeric, 3),
    round(total[3]::numeric, 3), gateway[1], gateway[2], gateway[3]
  from ranked;
comment on view analytics.latency_daily is 'One row a day (UTC) and mapping: how long conversions that succeeded took.';
comment on column analytics.latency_daily.day is 'Day of the success.';
comment on column analytics.latency_daily.mapping_id is 'The mapping.';
comment on column analytics.latency_daily.conversions is 'Conversions that succeeded.';
comment on column analytics.latency_daily.total_p50_seconds is 'Half of them took at most so long from the request to the result.';
comment on column analytics.latency_daily.total_p95_seconds is '95 of 100 took at most so long from the request to the result.';
comment on column analytics.latency_daily.total_p99_seconds is '99 of 100 took at most so long from the request to the result.';
comment on column analytics.latency_daily.gateway_p50_ms is 'Half of them took the converter at most so many milliseconds.';
comment on column analytics.latency_daily.gateway_p95_ms is '95 of 100 took the converter at most so many milliseconds.';
comment on column analytics.latency_daily.gateway_p99_ms is '99 of 100 took the converter at most so many milliseconds.';
create view analytics.storage (
  kind, kept_files, kept_bytes, removed_files, removed_bytes, oldest_kept_at
) as
  select kind, count(*) filter (where expired_at is null),
    coalesce(sum(bytes) filter (where expired_at is null), 0), count(expired_at),
    coalesce(sum(bytes) filter (where expired_at is not null), 0),
    min(created_at) filter (where expired_at is null)
  from docket.job_artifacts group by kind;
comment on view analytics.storage is 'One row a kind of file: what is kept now, and what was removed.';
comment on column analytics.storage.kind is 'source (the PDF) or result.';
comment on column analytics.storage.kept_files is 'Files that are kept.';
comment on column analytics.storage.kept_bytes is 'Their bytes.';
comment on column analytics.storage.removed_files is 'Files removed since the beginning: retention, first download, discarded jobs.';
comment on column analytics.storage.removed_bytes is 'Their bytes.';
comment on column analytics.storage.oldest_kept_at is 'When the oldest file that is kept was stored; null when none is.';
do $$
begin
  if not exists (select from pg_roles where rolname = 'docket_analyst') then
    create role docket_analyst login noinherit connection limit 10;
    alter role docket_analyst set statement_timeout = '30s';
    alter role docket_analyst set default_transaction_read_only = on;
    alter role docket_analyst set search_path = analytics;
  end if;
exception
  when duplicate_object or unique_violation then null;
  when insufficient_privilege then
    raise notice 'role docket_analyst has to be made by the administrator of this server';
end
$$;
do $$
begin
  if exists (select from pg_roles where rolname = 'docket_analyst') then
    grant usage on schema analytics to docket_analyst;
    grant select on all tables in schema analytics to docket_analyst;
  end if;
end
$$;

-- down

drop schema analytics cascade;
