/** The role of analysts, which reads only schema `analytics`. It belongs to the whole server, not to one database. */
export const ANALYST_ROLE = 'docket_analyst';
/** Default time limit of an analyst's statement. */
const STATEMENT_TIMEOUT = '30s';
const CONNECTIONS_MAX = 10;

/**
 * Makes the role if it does not exist and the current user may make roles. If only the administrator may make roles,
 * docs/analytics.md has the statements for it. The role has no password. Where Postgres asks for passwords, nobody
 * can use it before the administrator sets one.
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
