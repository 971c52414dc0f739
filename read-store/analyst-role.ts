/** Role of analysts: it reads schema `analytics` and nothing else. It belongs to the whole server, not to one database. */
export const ANALYST_ROLE = 'docket_analyst';
/** Longest statement of an analyst who sets nothing else. */
const STATEMENT_TIMEOUT = '30s';
const CONNECTIONS_MAX = 10;

/**
 * Makes the role where it is not there, as far as whoever migrates may make roles; on a server where that is for the
 * administrator alone, docs/analytics.md has the statements. It has no password: where passwords are asked for, nobody
 * is in before the administrator gives it one.
 */
export const CREATE_ANALYST_ROLE = `
  do $$
  begin
    if not exists (select from pg_roles where rolname = '${ANALYST_ROLE}') then
      create role ${ANALYST_ROLE} login noinherit connection limit ${CONNECTIONS_MAX};
      alter role ${ANALYST_ROLE} set statement_timeout = '${STATEMENT_TIMEOUT}';
      alter role ${ANALYST_ROLE} set default_transaction_read_only = on;
      alter role ${ANALYST_ROLE} set search_path = analytics;
    end if;
  exception
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then
      raise notice 'role ${ANALYST_ROLE} has to be made by the administrator of this server';
  end
  $$;`;
