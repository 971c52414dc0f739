import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeLoopbackCertificate } from '../event-store-server/access/certificate.ts';
import { readUsersFile, type User } from '../event-store-server/access/users.ts';
import { JOB_STREAM_PREFIX } from '../schemas/events/streams.ts';

const MAIN = join(import.meta.dirname, '..', 'event-store-server', 'main.ts');
const USER = 'docket';
const PASSWORD_BYTES = 32;

/** The embedded event store of a data folder: its options for a start, and the connection of its own Docket. */
export interface OwnEventStore {
  readonly script: string;
  /** The command-line arguments of the event store. */
  readonly args: (port: number) => readonly string[];
  /** The connection string for `@eventstore/db-client`, with the password. */
  readonly connectionString: (port: number) => string;
}

/**
 * At the first start on a data folder, makes a certificate, and a user with a random password. The folder
 * `event-store-access` holds them, and only its owner can read the folder. The store then accepts only TLS and this
 * user, and nobody can delete the stream of a job.
 */
export function ownEventStore(dataDir: string): OwnEventStore {
  const folder = join(dataDir, 'event-store-access');
  const files = {
    certificate: join(folder, 'certificate.pem'),
    privateKey: join(folder, 'private-key.pem'),
    users: join(folder, 'users.json'),
  };
  if (!Object.values(files).every((file) => existsSync(file))) makeAccessFiles(folder);
  const [user] = readUsersFile(files.users) as [User];
  return {
    script: MAIN,
    args: (port) => [
      '--directory',
      join(dataDir, 'event-store'),
      '--port',
      String(port),
      '--certificate-file',
      files.certificate,
      '--certificate-private-key-file',
      files.privateKey,
      '--users-file',
      files.users,
      '--keep-streams',
      JOB_STREAM_PREFIX,
    ],
    // The host is a name, because Node warns about a TLS server that is named by its address.
    connectionString: (port) =>
      `esdb://${user.name}:${encodeURIComponent(user.password)}@localhost:${port}` +
      `?tls=true&tlsCAFile=${encodeURIComponent(files.certificate)}`,
  };
}

/** Writes all files or none. A start that is killed meanwhile leaves no file that the next start would use. */
function makeAccessFiles(folder: string): void {
  const made = `${folder}.new`;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { mode: 0o700 });
  const write = (name: string, content: string): void =>
    writeFileSync(join(made, name), content, { mode: 0o600 });
  const { certificate, privateKey } = makeLoopbackCertificate();
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  write('certificate.pem', certificate);
  write('private-key.pem', privateKey);
  write('users.json', `${JSON.stringify([{ name: USER, password, groups: ['$admins'] }])}\n`);
  rmSync(folder, { recursive: true, force: true });
  renameSync(made, folder);
}
