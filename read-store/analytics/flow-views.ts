import type { AnalyticsView } from './view.ts';

export const THROUGHPUT_HOURLY: AnalyticsView = {
  name: 'throughput_hourly',
  comment: 'One row an hour (UTC) in which anything happened.',
  columns: {
    hour: 'Beginning of the hour.',
    requested: 'Conversions requested: by upload, retry or upload of the same file again.',
    uploaded_bytes: 'Bytes of the PDFs uploaded.',
    started: 'Attempts begun.',
    succeeded: 'Conversions that succeeded.',
    failed: 'Jobs that failed for good.',
    deferred: 'Attempts that failed and were to be repeated.',
    abandoned: 'Attempts whose worker was lost or stopped.',
    cancelled: 'Jobs cancelled.',
    downloads: 'Results downloaded completely.',
    pages: 'Pages of the conversions that succeeded.',
  },
  select: `
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
    from docket.job_events group by 1`,
};

export const FAILURES_BY_CODE: AnalyticsView = {
  name: 'failures_by_code',
  comment: 'One row a day (UTC), code and reason: failures for good, and attempts that were repeated.',
  columns: {
    day: 'The day.',
    code: 'Code of the failure.',
    reason: 'The own reason of the converter; null when it gave none.',
    failed: 'Jobs that failed for good.',
    deferred: 'Attempts that failed and were to be repeated.',
    jobs: 'Jobs concerned.',
  },
  select: `
    select date_trunc('day', at, 'UTC'), data->>'code', data->>'reason',
      count(*) filter (where type = 'ConversionFailed'), count(*) filter (where type = 'ConversionDeferred'),
      count(distinct job_id)
    from docket.job_events where type in ('ConversionFailed', 'ConversionDeferred') group by 1, 2, 3`,
};

export const LATENCY_DAILY: AnalyticsView = {
  name: 'latency_daily',
  comment: 'One row a day (UTC) and mapping: how long conversions that succeeded took.',
  columns: {
    day: 'Day of the success.',
    mapping_id: 'The mapping.',
    conversions: 'Conversions that succeeded.',
    total_p50_seconds: 'Half of them took at most so long from the request to the result.',
    total_p95_seconds: '95 of 100 took at most so long from the request to the result.',
    total_p99_seconds: '99 of 100 took at most so long from the request to the result.',
    gateway_p50_ms: 'Half of them took the converter at most so many milliseconds.',
    gateway_p95_ms: '95 of 100 took the converter at most so many milliseconds.',
    gateway_p99_ms: '99 of 100 took the converter at most so many milliseconds.',
  },
  select: `
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
    from ranked`,
};

export const STORAGE: AnalyticsView = {
  name: 'storage',
  comment: 'One row a kind of file: what is kept now, and what was removed.',
  columns: {
    kind: 'source (the PDF) or result.',
    kept_files: 'Files that are kept.',
    kept_bytes: 'Their bytes.',
    removed_files: 'Files removed since the beginning: retention, first download, discarded jobs.',
    removed_bytes: 'Their bytes.',
    oldest_kept_at: 'When the oldest file that is kept was stored; null when none is.',
  },
  select: `
    select kind, count(*) filter (where expired_at is null),
      coalesce(sum(bytes) filter (where expired_at is null), 0), count(expired_at),
      coalesce(sum(bytes) filter (where expired_at is not null), 0),
      min(created_at) filter (where expired_at is null)
    from docket.job_artifacts group by kind`,
};
