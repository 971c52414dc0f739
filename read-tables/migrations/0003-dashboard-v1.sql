-- Projection `dashboard`, version 1, empty and current; and the timeline by time, so that a moment of the past is
-- found. The timeline grows in the order of time, nearly, which is what a BRIN index is for: a few pages, and next to
-- nothing to write.

-- up

create schema dashboard_v1;
create table dashboard_v1.dashboard_streams (
  stream text primary key,
  state text,
  error_code text,
  fencing_token text,
  source_bytes bigint,
  result_bytes bigint,
  active_since timestamptz,
  revision bigint not null
);
create table dashboard_v1.dashboard_figures (
  grain text not null constraint dashboard_grain_known check (grain in ('minute', 'quarter', 'ever')),
  start timestamptz not null,
  figure text not null,
  detail text not null,
  value bigint not null,
  primary key (grain, start, figure, detail)
);
create table dashboard_v1.dashboard_breaker (
  revision bigint not null,
  position bigint not null,
  at timestamptz not null,
  processor_id text not null,
  opened boolean not null,
  failures bigint,
  last_code text,
  paused_ms bigint
);
alter table dashboard_v1.dashboard_breaker add primary key (revision);
create index dashboard_streams_active on dashboard_v1.dashboard_streams (active_since)
  where active_since is not null;
create index dashboard_figures_removals on dashboard_v1.dashboard_figures (start)
  where grain = 'minute' and figure in ('removed_sources', 'removed_results');
create or replace view docket.dashboard_streams as select * from dashboard_v1.dashboard_streams;
create or replace view docket.dashboard_figures as select * from dashboard_v1.dashboard_figures;
create or replace view docket.dashboard_breaker as select * from dashboard_v1.dashboard_breaker;
create index if not exists job_events_by_at on jobs_v1.job_events using brin (at, position)
  with (pages_per_range = 16, autosummarize = on);
insert into docket.projections (name, version, epoch, is_current)
  values ('dashboard', 1, gen_random_uuid(), true);

-- down

drop view docket.dashboard_streams, docket.dashboard_figures, docket.dashboard_breaker;
drop schema dashboard_v1 cascade;
drop index jobs_v1.job_events_by_at;
delete from docket.projections where name = 'dashboard' and version = 1;
delete from docket.checkpoints where projection = 'dashboard' and version = 1;
delete from docket.projection_leases where projection = 'dashboard' and version = 1;
delete from docket.quarantine where projection = 'dashboard' and version = 1;
