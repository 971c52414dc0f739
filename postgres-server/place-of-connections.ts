import { join } from 'node:path';
import { ANALYST_ROLE } from '../read-store/analyst-role.ts';
import type { Passwords } from './passwords.ts';
import { LOOPBACK } from './port.ts';
import { DATABASE, ROLE } from './roles.ts';

/**
 * The place where the server accepts connections: on a socket file in the folder of its own files, or on a port of
 * loopback.
 */
export type Place = { readonly socketFolder: string } | { readonly port: number };

/** The port in the name of the socket file, which clients expect. */
export const SOCKET_PORT = 5_432;
/** The name of the socket file in its folder. */
export const SOCKET_FILE = `.s.PGSQL.${SOCKET_PORT}`;
/** Longest path of a socket file in bytes, without the zero at its end (unix(7), sockaddr_un, on Linux and macOS). */
const SOCKET_PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107;

/** True when a client can use the path of the socket file in the folder. The system cuts longer paths. */
export function takesSocket(folder: string): boolean {
  return (
    process.platform !== 'win32' && Buffer.byteLength(join(folder, SOCKET_FILE)) <= SOCKET_PATH_BYTES_MAX
  );
}

/**
 * Returns the settings with which the server accepts connections at `place`. The server runs in the folder of the
 * socket file, so its path to that file is short.
 */
export function listenSettings(place: Place): Readonly<Record<string, string>> {
  return 'port' in place
    ? { listen_addresses: LOOPBACK, unix_socket_directories: '', port: String(place.port) }
    : {
        listen_addresses: '',
        unix_socket_directories: '.',
        unix_socket_permissions: '0700',
        port: String(SOCKET_PORT),
      };
}

/** Connection strings of both roles, passwords included, in a form that `pg`, libpq and `new URL` read alike. */
export function connectionStrings(
  place: Place,
  { docket, analyst }: Passwords,
): { readonly url: string; readonly analystUrl: string } {
  const [authority, options] =
    'port' in place
      ? [`${LOOPBACK}:${place.port}`, '']
      : // `host` among the options is stronger than the one before them.
        [`localhost:${SOCKET_PORT}`, `?host=${encodeURIComponent(place.socketFolder)}`];
  const of = (role: string, password: string): string =>
    `postgres://${role}:${password}@${authority}/${DATABASE}${options}`;
  return { url: of(ROLE, docket), analystUrl: of(ANALYST_ROLE, analyst) };
}
