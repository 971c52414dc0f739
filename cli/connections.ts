import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Settings } from '../schemas/settings/config.ts';
import { PlainFailure } from './plain-failure.ts';

/** The addresses of the stores and the gateway of a running Docket. */
export interface Connections {
  readonly EVENTSTORE_URL: string;
  readonly DATABASE_URL: string;
  readonly GATEWAY_URL: string;
}

/**
 * Further data that `docket up` records: the address of `/health`, `/ready` and `/metrics`, and the analysts'
 * connection string.
 */
interface Noted extends Connections {
  readonly HEALTH_URL: string;
  /**
   * Connection string of the analysts' role in the embedded Postgres. Absent when a setting names another
   * Postgres.
   */
  readonly ANALYTICS_DATABASE_URL?: string;
}

const fileIn = (dataDir: string) => join(dataDir, 'connections.json');

/** Records the connections of `docket up` for the other commands on the same data folder. */
export function noteConnections(dataDir: string, connections: Noted): void {
  // The rename ensures that a full disk leaves no incomplete file.
  const unfinished = `${fileIn(dataDir)}.tmp`;
  writeFileSync(unfinished, `${JSON.stringify(connections, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, fileIn(dataDir));
}

export function forgetConnections(dataDir: string): void {
  rmSync(fileIn(dataDir), { force: true });
}

/**
 * The connection string of one store: from the settings, otherwise of the Docket that runs on the data folder.
 * @throws PlainFailure when neither names it
 */
export function findConnection(settings: Settings, name: 'EVENTSTORE_URL' | 'DATABASE_URL'): string {
  const url = settings[name] ?? notedConnections(resolve(settings.DATA_DIR))[name];
  if (!url)
    throw new PlainFailure(
      'NOT_RUNNING',
      `Docket is not running on ${settings.DATA_DIR}: start it with \`npm start\`, or name its stores with ${name}.`,
    );

  return url;
}

/** The connections that the Docket on a data folder recorded; empty when none runs. */
export function notedConnections(dataDir: string): Partial<Noted> {
  try {
    return JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as Noted;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
