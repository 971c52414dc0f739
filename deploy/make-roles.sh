#!/bin/sh
# Run by the Postgres image once, when its volume is new: the database of Docket and its two roles. Neither is a
# superuser. The services own the database; analysts read what the services grant them (docs/analytics.md).
set -eu
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
  --set=services="$(cat /run/secrets/database-password)" --set=analysts="$(cat /run/secrets/analytics-password)" <<'SQL'
create role docket login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'services';
create role docket_analyst login noinherit connection limit 10 password :'analysts';
alter role docket_analyst set statement_timeout = '30s';
alter role docket_analyst set default_transaction_read_only = on;
alter role docket_analyst set search_path = analytics;
create database docket owner docket encoding 'UTF8' template template0;
SQL
