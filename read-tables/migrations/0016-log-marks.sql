-- The event of the log that each checkpoint stands on, and which tables are being built again from another log.

-- up

alter table docket.checkpoints add column log_id text, add column event_id text, add column event_position bigint;
comment on column docket.checkpoints.event_id is 'the last lasting event that was read: what the log must still hold';
comment on column docket.checkpoints.log_id is 'the first event that was read: the log''s own identity';
alter table docket.projections add column rebuilding_since timestamptz, add column rebuilding_until bigint,
  add column rebuilding_why text;
comment on column docket.projections.rebuilding_since is
  'since when the tables are built again, since the log is another one; nobody is shown them meanwhile';

-- down

alter table docket.projections drop column rebuilding_since, drop column rebuilding_until,
  drop column rebuilding_why;
alter table docket.checkpoints drop column log_id, drop column event_id, drop column event_position;
