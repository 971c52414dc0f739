import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Settings } from '../schemas/config.ts';
import { PlainFailure } from './plain-failure.ts';

/** Where the stores and the gateway of a running Docket are. */
export interface Connections {
  readonly EVENTSTORE_URL: string;
  readonly DATABASE_URL: string;
  readonly GATEWAY_URL: string;
}

/** What `docket up` notes beside them: where `/health`, `/ready` and `/metrics` are, and how analysts connect. */
interface Noted extends Connections {
  readonly HEALTH_URL: string;
  /** Of the embedded Postgres; absent when Postgres is somebody else's. */
  readonly ANALYTICS_DATABASE_URL?: string;
}

const fileIn = (dataDir: string) => join(dataDir, 'connections.json');

/** `docket up` notes them for the other commands on the same data folder. */
export function noteConnections(dataDir: string, connections: Noted): void {
  // A full disk must not leave half of it behind.
  const unfinished = `${fileIn(dataDir)}.tmp`;
  writeFileSync(unfinished, `${JSON.stringify(connections, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, fileIn(dataDir));
}

export function forgetConnections(dataDir: string): void {
  rmSync(fileIn(dataDir), { force: true });
}

/**
 * One store: from the settings where they name it, otherwise from the Docket that runs on the data folder.
 * @throws PlainFailure when it is named by neither
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

/** What the Docket that runs on a data folder noted; nothing when none runs. */
export function notedConnections(dataDir: string): Partial<Noted> {
  try {
    return JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as Noted;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
