import { ANALYST_ROLE, CREATE_ANALYST_ROLE } from '../read-store/analyst-role.ts';
import type { Passwords } from './passwords.ts';

/** No file of the server lets this role in; it speaks in single-user mode alone, when the files are made. */
export const SUPERUSER = 'postgres';
/** The role of the services. It owns the database, and is no superuser. */
export const ROLE = 'docket';
/** The only database. */
export const DATABASE = 'docket';

/** Who may connect: two roles, from this machine, each with its password. Nobody else, and never the superuser. */
export const HOST_BASED_ACCESS = [ROLE, ANALYST_ROLE]
  .flatMap((role) => [`local all ${role} scram-sha-256\n`, `host all ${role} 127.0.0.1/32 scram-sha-256\n`])
  .join('');

/** What the superuser says once to a new server. Passwords are base64url, so that they need no escape. */
export function firstStatements(passwords: Passwords): string[] {
  return [
    `create role ${ROLE} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password '${passwords.docket}'`,
    CREATE_ANALYST_ROLE,
    `alter role ${ANALYST_ROLE} password '${passwords.analyst}'`,
    `create database ${DATABASE} owner ${ROLE}`,
  ];
}
