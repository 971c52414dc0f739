-- What other rooms may read of the processors: who they are, since when, and when they last said that they live.

-- up

create view processor.workers as
  select processor_id, worker_id, started_at, beat_at from processor.processors;

-- down

drop view processor.workers;
