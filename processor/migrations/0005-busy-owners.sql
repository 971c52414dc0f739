-- How many jobs each owner has claimed or running. A row is in this index for a moment only, so that under load nearly all of
-- its entries are of dead rows. A scan of another kind visits each of them every time; an index scan marks it and skips it from then on.

-- up

create function processor.busy_owners() returns table (owner text, running bigint)
  language sql stable rows 50 set enable_bitmapscan = off set enable_seqscan = off
  as $$
    select owner, count(*) from processor.work_items where place in ('claimed', 'running') group by owner
  $$;

-- down

drop function processor.busy_owners();
