-- Schema `docket`, and what every projection is accounted for in.

-- up

create table docket.projections (
  name text not null,
  version integer not null,
  epoch uuid not null,
  is_current boolean not null,
  created_at timestamptz not null default now(),
  primary key (name, version)
);
create unique index projections_one_current on docket.projections (name) where is_current;
create table docket.checkpoints (
  projection text not null,
  version integer not null,
  commit_position bigint not null,
  prepare_position bigint not null,
  updated_at timestamptz not null default now(),
  primary key (projection, version)
);
create table docket.projection_leases (
  projection text not null,
  version integer not null,
  holder text not null,
  fencing_epoch bigint not null,
  held_until timestamptz not null,
  primary key (projection, version)
);
create table docket.quarantine (
  projection text not null,
  version integer not null,
  stream text not null,
  revision bigint not null,
  position bigint not null,
  event_id text not null,
  type text not null,
  reason text not null,
  event text not null,
  held_at timestamptz not null default now(),
  primary key (projection, version, stream)
);
comment on table docket.quarantine is
  'the first event of a stream that could not be folded; the events behind it wait in the log';

-- down

drop table docket.quarantine, docket.projection_leases, docket.checkpoints, docket.projections;
