-- The event that the work list's checkpoint stands on, and whether the list is being built again from another log.

-- up

alter table processor.feed
  add column log_id text, add column event_id text, add column event_position bigint,
  add column rebuilding_since timestamptz, add column rebuilding_until bigint, add column rebuilding_why text;
create view processor.rebuilding as
  select name, rebuilding_since as since, rebuilding_until as until, rebuilding_why as why,
    coalesce(position, -1) as position
  from processor.feed where rebuilding_since is not null;

-- down

drop view processor.rebuilding;
alter table processor.feed drop column log_id, drop column event_id, drop column event_position,
  drop column rebuilding_since, drop column rebuilding_until, drop column rebuilding_why;
