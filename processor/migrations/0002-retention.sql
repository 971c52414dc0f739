-- Who runs retention, when it last ran to the end, and how far each trail is settled: position by name.

-- up

create table processor.retention (
  name text primary key,
  holder text,
  epoch bigint not null default 0,
  held_until timestamptz,
  ran_at timestamptz,
  marks jsonb not null default '{}'
);

-- down

drop table processor.retention;
