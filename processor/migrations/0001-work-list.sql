-- The processor's own tables. All of it can be dropped and is then rebuilt from the log: `feed` without a row starts
-- at the beginning.

-- up

create table processor.work_items (
  job_id uuid primary key,
  owner text not null,
  priority int not null,
  requested_position bigint not null,
  revision bigint not null,
  snapshot text,
  place text not null check (place in ('offered', 'claimed', 'running', 'later', 'done', 'held')),
  not_before timestamptz,
  due_at timestamptz,
  worker_id text,
  fencing_token bigint,
  lease_ends_at timestamptz,
  claimed_until timestamptz,
  touched_at timestamptz not null default now()
) with (fillfactor = 70);
create index work_items_offered_by_owner on processor.work_items (owner, priority desc, requested_position)
  where place = 'offered';
create index work_items_offered_by_age on processor.work_items (priority desc, requested_position)
  where place = 'offered';
create index work_items_busy on processor.work_items (owner) where place in ('claimed', 'running');
create index work_items_due on processor.work_items (due_at) where place = 'later';
create table processor.feed (
  name text primary key,
  position bigint,
  epoch bigint not null default 0,
  holder text,
  held_until timestamptz
);
insert into processor.feed (name) values ('work-list');
create table processor.processors (
  processor_id text primary key,
  worker_id text not null unique,
  started_at timestamptz not null default now(),
  beat_at timestamptz not null default now()
);
create table processor.gateway_rate (
  name text primary key,
  tokens double precision not null,
  granted int not null,
  refilled_at timestamptz not null
);

-- down

drop table processor.gateway_rate;
drop table processor.processors;
drop table processor.feed;
drop table processor.work_items;
