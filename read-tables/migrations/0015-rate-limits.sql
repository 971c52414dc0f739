-- Counts of requests that several processes share (`RATE_LIMIT_STORE=postgres`). The columns are those that
-- rate-limiter-flexible writes. Unlogged: after a crash of Postgres counting begins anew, which harms nobody.

-- up

create unlogged table docket.rate_limits (
  key varchar(255) primary key,
  points integer not null default 0,
  expire bigint
);

-- down

drop table docket.rate_limits;
