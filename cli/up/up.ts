import { join, resolve } from 'node:path';
import { startEmbeddedPostgres } from '../../read-store/embedded/start.ts';
import { createLog } from '../../runtime/log.ts';
import { loadSettings } from '../../runtime/settings.ts';
import type { Settings } from '../../schemas/config.ts';
import { buildWebApp } from '../../web/build.ts';
import { noteAddress, openDataFolder } from './data-folder.ts';
import { freePort, requirePort } from './free-port.ts';
import { openLogFiles, type LogFiles } from './log-files.ts';
import { startNodeChild, type NodeChild } from './node-child.ts';
import { supervise, type Supervised } from './supervise.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Ctrl-C ends everything within 5 s: what is still converting after this is given back in the log. */
const SERVICES_GRACE_MS_MAX = 3_000;
/** The stores have nothing to drain once the services are gone. */
const STORE_GRACE_MS = 2_000;

/**
 * The whole house on one machine: event store, Postgres, gateway and services, each in a process of its own, watched
 * and started again when one ends. Resolves with the exit code after SIGINT or SIGTERM.
 *
 * @throws PlainFailure, PortUnavailable, SettingsRefused, EmbeddedPostgresFailed when it cannot start
 */
export async function up(): Promise<number> {
  const settings = loadSettings(process.env);
  const folder = openDataFolder(resolve(settings.DATA_DIR));
  const logs = openLogFiles(folder.path);
  const parts: Supervised[] = [];
  const stopAsked = untilAskedToStop();
  try {
    await requirePort(settings.PORT, settings.HOST);
    const started = startHouse(settings, folder.path, logs, parts);
    const address = await Promise.race([started, stopAsked.then(() => null)]);
    if (address !== null) {
      noteAddress(folder, address);
      console.log(`Docket is ready: ${address}`);
      await stopAsked;
    }
    await started.catch(() => undefined);
    return 0;
  } finally {
    await stopHouse(parts, settings);
    logs.stop();
    folder.release();
  }
}

/** Brings the parts up, adding each to `parts` as soon as it runs, and answers the address to open. */
async function startHouse(
  settings: Settings,
  dataDir: string,
  logs: LogFiles,
  parts: Supervised[],
): Promise<string> {
  const webDir = buildWebApp();
  const stores = await Promise.allSettled([
    eventStoreUrl(settings, dataDir, logs, parts),
    databaseUrl(settings, dataDir, parts),
    gatewayUrl(settings, logs, parts),
  ]);
  const failed = stores.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  const [eventStore, database, gateway] = stores.map((outcome) =>
    outcome.status === 'fulfilled' ? outcome.value : '',
  );
  const services = await keepChild(logs, parts, {
    name: 'services',
    script: join(ROOT, 'cli', 'docket.ts'),
    args: ['serve', 'all'],
    env: {
      EVENTSTORE_URL: eventStore ?? '',
      DATABASE_URL: database ?? '',
      GATEWAY_URL: gateway ?? '',
      DATA_DIR: dataDir,
      WEB_DIR: await webDir,
      SHUTDOWN_GRACE_MS: String(Math.min(settings.SHUTDOWN_GRACE_MS, SERVICES_GRACE_MS_MAX)),
    },
  });
  return (
    settings.PUBLIC_URL ?? `http://${settings.HOST === '127.0.0.1' ? 'localhost' : settings.HOST}:${services}`
  );
}

async function eventStoreUrl(
  settings: Settings,
  dataDir: string,
  logs: LogFiles,
  parts: Supervised[],
): Promise<string> {
  if (settings.EVENTSTORE_URL) return settings.EVENTSTORE_URL;
  const port = await freePort();
  await keepChild(logs, parts, {
    name: 'event-store',
    script: join(ROOT, 'event-store', 'embedded', 'main.ts'),
    args: ['--directory', join(dataDir, 'event-store'), '--port', String(port)],
    env: {},
  });
  return `esdb://127.0.0.1:${port}?tls=false`;
}

async function databaseUrl(settings: Settings, dataDir: string, parts: Supervised[]): Promise<string> {
  if (settings.DATABASE_URL) return settings.DATABASE_URL;
  const log = createLog('postgres', 'warn');
  let port = 0;
  const postgres = await supervise(
    'postgres',
    async () => {
      const running = await startEmbeddedPostgres({ directory: join(dataDir, 'postgres'), port, log });
      port = Number(new URL(running.url).port);
      return {
        ...running,
        exited: running.exited.then(({ code, signal }) => signal ?? `exit code ${code ?? 'unknown'}`),
      };
    },
    say,
  );
  parts.push(postgres);
  return postgres.first.url;
}

async function gatewayUrl(settings: Settings, logs: LogFiles, parts: Supervised[]): Promise<string> {
  if (settings.GATEWAY_URL) return settings.GATEWAY_URL;
  const port = await freePort();
  await keepChild(logs, parts, {
    name: 'gateway',
    script: join(ROOT, 'gateway', 'main.ts'),
    args: [],
    env: { PORT: String(port), HOST: '127.0.0.1' },
  });
  return `http://127.0.0.1:${port}`;
}

/** Starts one of our processes, keeps it running, and answers its port. */
async function keepChild(logs: LogFiles, parts: Supervised[], child: NodeChild): Promise<number> {
  const kept = await supervise(child.name, () => startNodeChild(child, logs), say);
  parts.push(kept);
  return kept.first.port;
}

/** The services go first, while the stores they give their work back to still answer. */
async function stopHouse(parts: readonly Supervised[], settings: Settings): Promise<void> {
  const servicesGraceMs = Math.min(settings.SHUTDOWN_GRACE_MS, SERVICES_GRACE_MS_MAX) + 500;
  const services = parts.at(-1);
  await services?.stop(servicesGraceMs);
  await Promise.all(parts.slice(0, -1).map((part) => part.stop(STORE_GRACE_MS)));
}

function untilAskedToStop(): Promise<void> {
  return new Promise((resolvePromise) => {
    process.once('SIGINT', () => resolvePromise());
    process.once('SIGTERM', () => resolvePromise());
  });
}

function say(line: string): void {
  console.error(`Docket: ${line}`);
}
