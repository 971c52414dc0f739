import type { AnalyticsView } from './view.ts';

export const JOBS: AnalyticsView = {
  name: 'jobs',
  comment: 'One row a job: one file of one owner under one mapping, as it is now.',
  columns: {
    job_id: 'Id of the job; the same file, owner and mapping always have the same.',
    owner: 'Opaque id of whoever uploaded the file.',
    filename: 'Name of the file at its last upload.',
    mapping_id: 'Mapping that the file is converted with.',
    mapping_version: 'Version of that mapping.',
    state: 'queued, converting, waiting (for a retry), ready, failed, cancelled or expired.',
    error_code: 'Why it failed, or what it waits after; null for jobs without an error.',
    error_reason: 'The own reason of the converter, such as PDF_ENCRYPTED; null when it gave none.',
    error_message: 'The error in one sentence.',
    attempts: 'Attempts since the conversion was last requested.',
    attempts_ever: 'Attempts in the whole life of the job.',
    runs: 'Times the conversion was requested: by upload, retry or upload of the same file again.',
    bytes: 'Size of the PDF in bytes.',
    pages: 'Pages of the PDF; null before a success.',
    warnings: 'Number of warnings of the conversion; null before a success.',
    result_bytes: 'Size of the result in bytes; null before a success.',
    result_media_type: 'Media type of the result; null before a success.',
    gateway_ms: 'Milliseconds the converter took for the result; null before a success.',
    priority: 'Higher goes first, -10 to 10.',
    created_at: 'When the file was first uploaded.',
    updated_at: 'When the state last changed.',
    position: 'Position in the log of the last event of the job.',
  },
  select: `
    select job_id, owner, filename, mapping_id, mapping_version, state, error_code, error_reason, error_message,
      attempts, attempts_ever, runs, bytes, pages, jsonb_array_length(warnings), result_bytes, result_media_type,
      gateway_ms, priority, created_at, updated_at, position
    from docket.jobs`,
};

export const TRANSITIONS: AnalyticsView = {
  name: 'transitions',
  comment: 'One row each time a job came into another state, or was requested again in the same one.',
  columns: {
    job_id: 'The job.',
    owner: 'Its owner.',
    mapping_id: 'Its mapping.',
    revision: 'Place of the event in the stream of the job, from 0.',
    position: 'Position of the event in the log.',
    at: 'When the job came into the state.',
    from_state: 'State before; null for the upload of a new file.',
    to_state: 'State from then on.',
    seconds_before: 'Seconds the job had been in the state before; null for the upload of a new file.',
    error_code: 'Code of the error that led here; null when none did.',
  },
  select: `
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
    from entered where from_state is distinct from state`,
};

export const ATTEMPTS: AnalyticsView = {
  name: 'attempts',
  comment: 'One row an attempt to convert, from the claim of a worker to the outcome.',
  columns: {
    job_id: 'The job.',
    owner: 'Its owner.',
    mapping_id: 'Its mapping.',
    attempt: 'Number of the attempt over the whole life of the job, from 1.',
    worker_id: 'Worker that claimed it.',
    started_at: 'When it was claimed.',
    ended_at: 'When its outcome was decided; null while it runs.',
    seconds: 'From claim to outcome; null while it runs.',
    outcome: 'succeeded, deferred (another attempt follows), failed, abandoned, cancelled or running.',
    code: 'Code of the failure, or cause of the abandonment; null otherwise.',
    reason: 'The own reason of the converter; null when it gave none.',
    gateway_ms: 'Milliseconds the converter took; null unless it succeeded.',
    backoff_seconds: 'Wait that was decided before the next attempt; null unless it was deferred.',
  },
  select: `
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
    where s.type = 'ConversionStarted'`,
};

export const OWNERS: AnalyticsView = {
  name: 'owners',
  comment: 'One row an owner, with what they have uploaded.',
  columns: {
    owner: 'Opaque id of the owner.',
    jobs: 'Jobs in all.',
    ready: 'Jobs whose result can be downloaded.',
    failed: 'Jobs that have failed.',
    active: 'Jobs that are queued, converting or waiting.',
    source_bytes: 'Bytes of the uploaded PDFs.',
    result_bytes: 'Bytes of the results that can be downloaded.',
    first_upload_at: 'When the first file was uploaded.',
    last_change_at: 'When a job last changed.',
  },
  select: `
    select owner, count(*), count(*) filter (where state = 'ready'), count(*) filter (where state = 'failed'),
      count(*) filter (where state in ('queued', 'converting', 'waiting')), sum(bytes),
      coalesce(sum(result_bytes) filter (where state = 'ready'), 0), min(created_at), max(updated_at)
    from docket.jobs group by owner`,
};
