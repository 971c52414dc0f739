/** The options of a store with TLS, users and access lists, and the connection of its clients. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent, type StreamACL } from '@eventstore/db-client';
import { makeLoopbackCertificate } from '../../../event-store-server/access/certificate.ts';
import { ADMINS, type User } from '../../../event-store-server/access/users.ts';

/** Access lists, which are written before the test gets the store. */
export interface AccessLists {
  /** The default lists, as `$settings` holds them: `{ $userStreamAcl: { $r: [...] }, $systemStreamAcl: {...} }`. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, readonly string[] | string>>>>;
  /** The lists of single streams, including `$all`. */
  readonly streams?: Readonly<Record<string, StreamACL>>;
}

export interface SecuredOptions {
  /** Listens with TLS, by a certificate of its own. */
  readonly tls?: boolean;
  /** Requires one of these users; EventStoreDB has `admin` in the group `$admins`. */
  readonly users?: readonly User[];
  /** Written by the first user of the group `$admins`; needs `tls`, since clients send no credentials without. */
  readonly acl?: AccessLists;
  /** Requires this name of the connection. */
  readonly secret?: string;
  /** Prefixes of streams that nobody may delete. */
  readonly keepStreams?: readonly string[];
}

export interface ConnectAs {
  /** null: no credentials; unset: the first user, if there are any. */
  readonly user?: { readonly name: string; readonly password: string } | null;
  /** null: the CAs that Node trusts; unset: the store's own certificate. */
  readonly caFile?: string | null;
  /** null: none; unset: the store's own. */
  readonly secret?: string | null;
  /** A port of a proxy before the store. */
  readonly port?: number;
}

export interface SecuredFiles {
  /** Words for the store's command line. */
  readonly words: readonly string[];
  /** The certificate clients trust; '' without TLS. */
  readonly certificateFile: string;
  readonly connectionString: (port: number, as?: ConnectAs) => string;
  readonly remove: () => void;
}

/** Writes the files of a store's options into a folder of their own. */
export function writeSecuredFiles(options: SecuredOptions): SecuredFiles {
  const folder = mkdtempSync(join(tmpdir(), 'docket-event-store-access-'));
  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const words: string[] = [];
  const certificateFile = join(folder, 'certificate.pem');
  if (options.tls === true) {
    const { certificate, privateKey } = makeLoopbackCertificate();
    words.push('--certificate-file', file('certificate.pem', certificate));
    words.push('--certificate-private-key-file', file('private-key.pem', privateKey));
  }
  if (options.users !== undefined)
    words.push('--users-file', file('users.json', JSON.stringify(options.users)));
  if (options.secret !== undefined) words.push('--secret-file', file('secret', options.secret));
  for (const prefix of options.keepStreams ?? []) words.push('--keep-streams', prefix);
  return {
    words,
    certificateFile: options.tls === true ? certificateFile : '',
    connectionString: (port, as = {}) => connectionStringOf(options, certificateFile, port, as),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function connectionStringOf(
  options: SecuredOptions,
  certificateFile: string,
  port: number,
  as: ConnectAs,
): string {
  const user = as.user === undefined ? (options.users?.[0] ?? null) : as.user;
  const caFile = as.caFile === undefined ? certificateFile : as.caFile;
  const secret = as.secret === undefined ? (options.secret ?? null) : as.secret;
  const login = user === null ? '' : `${encodeURIComponent(user.name)}:${encodeURIComponent(user.password)}@`;
  const query = [
    `tls=${options.tls === true}`,
    ...(options.tls === true && caFile !== null ? [`tlsCAFile=${encodeURIComponent(caFile)}`] : []),
    ...(secret === null ? [] : [`connectionName=${encodeURIComponent(secret)}`]),
  ];
  // By name, not by address: Node warns of an address as the name of a TLS server.
  const host = options.tls === true ? 'localhost' : '127.0.0.1';
  return `esdb://${login}${host}:${as.port ?? port}?${query.join('&')}`;
}

/** Writes access lists through the unmodified client. */
export async function writeAccessLists(
  files: SecuredFiles,
  port: number,
  users: readonly User[],
  acl: AccessLists,
): Promise<void> {
  const admin = users.find(({ groups }) => groups.includes(ADMINS));
  if (admin === undefined) throw new Error('Access lists are written by a user of the group $admins.');
  const client = EventStoreDBClient.connectionString(files.connectionString(port, { user: admin }));
  try {
    if (acl.settings !== undefined)
      await client.appendToStream('$settings', jsonEvent({ type: 'settings', data: { ...acl.settings } }));
    for (const [stream, list] of Object.entries(acl.streams ?? {}))
      await client.setStreamMetadata(stream, { acl: list });
  } finally {
    await client.dispose();
  }
}
