import { ANALYST_ROLE, CREATE_ANALYST_ROLE } from '../read-store/analyst-role.ts';
import type { Passwords } from './passwords.ts';

/**
 * The superuser. No file of the server lets this role log in; Docket uses it only in single-user mode, to prepare new
 * database files.
 */
export const SUPERUSER = 'postgres';
/** The role of the services. It owns the database and is no superuser. */
export const ROLE = 'docket';
/** The name of the only database. */
export const DATABASE = 'docket';

/**
 * The rules for connections: two roles may connect, from this machine, each with its password. The superuser can
 * never connect.
 */
export const HOST_BASED_ACCESS = [ROLE, ANALYST_ROLE]
  .flatMap((role) => [`local all ${role} scram-sha-256\n`, `host all ${role} 127.0.0.1/32 scram-sha-256\n`])
  .join('');

/**
 * The statements that the superuser runs once on new database files. Passwords are base64url, so they need no escapes.
 */
export function firstStatements(passwords: Passwords): string[] {
  return [
    `create role ${ROLE} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password '${passwords.docket}'`,
    CREATE_ANALYST_ROLE,
    `alter role ${ANALYST_ROLE} password '${passwords.analyst}'`,
    `create database ${DATABASE} owner ${ROLE}`,
  ];
}
