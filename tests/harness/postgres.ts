import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../postgres-server/start.ts';
import { createLog } from '../../runtime/log/log.ts';
import { copyPrepared } from './prepared-postgres.ts';

export interface TestPostgres {
  /** Connection string of an empty database for this caller. */
  readonly url: string;
  /** Connection string of the same database for the analysts' role. */
  readonly analystUrl: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts a real Postgres in its own folder, with an empty database, in less than a second.
 * @param options.port 0 for a port of loopback, for a proxy in between; by default a socket, as with `npm start`
 * @param options.prepare changes the files before the server starts with them
 */
export async function startTestPostgres(
  options: { port?: 0; prepare?: (directory: string) => Promise<void> } = {},
): Promise<TestPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'docket-test-postgres-'));
  await copyPrepared(directory);
  const { prepare, ...place } = options;
  await prepare?.(directory);
  const server = await startEmbeddedPostgres({
    directory,
    ...place,
    log: createLog('test-postgres', 'silent'),
  });
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  return {
    url: toDatabase(server.url, name),
    analystUrl: toDatabase(server.analystUrl, name),
    pid: server.pid,
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Returns the connection string of another database. */
export function toDatabase(connectionString: string, name: string): string {
  const url = new URL(connectionString);
  url.pathname = `/${name}`;
  return url.href;
}
