-- Several versions of a projection side by side: which are built, which was left last, and how two compare.

-- up

alter table docket.projections add column built_at timestamptz, add column left_at timestamptz;
update docket.projections set built_at = created_at;
alter table docket.projections alter column is_current set default false;
comment on column docket.projections.built_at is 'when the tables were complete; null while they are being built';
comment on column docket.projections.left_at is 'when readers were last switched away from it: where a rollback goes';
create table docket.projection_comparisons (
  name text not null,
  from_version integer not null,
  to_version integer not null,
  compared_at timestamptz not null default now(),
  compared bigint not null,
  differing text[] not null,
  complete boolean not null,
  primary key (name, from_version, to_version)
);
comment on column docket.projection_comparisons.differing is 'keys whose rows differ, as far as complete says all';

-- down

drop table docket.projection_comparisons;
alter table docket.projections drop column built_at, drop column left_at, alter column is_current drop default;
