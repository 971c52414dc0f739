import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { startEmbeddedPostgres } from '../../postgres-server/start.ts';
import { ownHosts } from '../../identity/own-hosts.ts';
import { publicFaults } from '../../runtime/settings/production-settings.ts';
import { givenSetting, loadSettings, SettingsRefused } from '../../runtime/settings/settings.ts';
import type { Settings } from '../../schemas/settings/config.ts';
import { builtWebApp } from './built-web-app.ts';
import { environmentOf } from './child-environment.ts';
import { ownEventStore } from '../event-store-access.ts';
import { forgetConnections, noteConnections } from '../connections.ts';
import { noteAddress, noteParts, openDataFolder, type DataFolder } from './data-folder.ts';
import { onceAskedToStop, INTERRUPTED_EXIT_CODE } from '../stop-asked.ts';
import { freePort, requirePort } from './free-port.ts';
import { healthPort } from './health-port.ts';
import { openLogFiles, type LogFiles } from './log-files.ts';
import { linesOnEnvironment, namedServers, waitForServers } from './named-servers.ts';
import { linesOnLimits } from './process-limits.ts';
import { startNodeChild, type NodeChild } from './node-child.ts';
import { keepReserve } from './reserved-room.ts';
import { spokenLines, type SpokenLines } from './spoken-lines.ts';
import { startServices } from './start-services.ts';
import { supervise, type Running, type Supervised } from './supervise.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Ctrl-C ends everything within 5 s. Attempts that still run after this time are recorded as abandoned. */
const SERVICES_GRACE_MS_MAX = 3_000;
/** The grace period of the services, and time for them to exit. */
const SERVICES_EXIT_MS = SERVICES_GRACE_MS_MAX + 500;
/** The mask that removes the rights of group and others from each file of this run. */
const OWN_USER_ONLY = 0o077;
/** The stores have no work to finish once the services have ended. */
const STORE_GRACE_MS = 2_000;

/** The addresses at which to open a running Docket. */
interface Opened {
  /** The address on this machine, or `PUBLIC_URL`. */
  readonly address: string;
  /** The addresses on other machines, when Docket listens on every address. */
  readonly elsewhere: readonly string[];
}

/** The running parts, and the things that are needed to start more parts. */
interface Installation {
  readonly settings: Settings;
  readonly folder: DataFolder;
  readonly logs: LogFiles;
  /** The token that the gateway requires and its callers send; empty when a setting names another gateway. */
  readonly gatewayToken: { readonly GATEWAY_TOKEN?: string };
  /** Aborted when the installation stops. This signal ends work that belongs to no part. */
  readonly stopping: AbortSignal;
  /** Aborted when every part must be killed at once. */
  readonly killing: AbortSignal;
  readonly lines: SpokenLines;
  /**
   * Keeps a part running and returns its first run. While `restarts` returns false, the caller handles the
   * end of the part.
   */
  keep<Part extends Running>(
    name: string,
    start: (stop: AbortSignal) => Promise<Part>,
    restarts?: () => boolean,
  ): Promise<Part>;
  /** Stops the running and the starting parts. */
  stop(): Promise<void>;
  /** Removes the recorded data of this run and unlocks the folder. */
  forget(): void;
}

/**
 * Runs all of Docket on one machine: event store, Postgres, gateway and services, each in its own process. A process
 * that ends is started again. Resolves with the exit code after SIGINT, SIGTERM or SIGHUP, when everything has stopped.
 * A second signal kills everything at once.
 *
 * @throws PlainFailure, PortUnavailable, SettingsRefused, EmbeddedPostgresFailed when it cannot start
 */
export async function up(argv: readonly string[] = []): Promise<number> {
  const settings = loadSettings(process.env);
  const faults = publicFaults(settings);
  if (faults.length > 0) throw new SettingsRefused(faults);
  // In this process and its children, only their user may use the files that they make.
  process.umask(OWN_USER_ONLY);
  const stopping = new AbortController();
  const killing = new AbortController();
  let installation: Installation | null = null;
  onceAskedToStop(
    () => stopping.abort(),
    () => {
      killing.abort();
      installation?.forget();
      process.exit(INTERRUPTED_EXIT_CODE);
    },
  );
  installation = openInstallation(settings, killing.signal);
  const stopAsked = untilAborted(stopping.signal);
  let started: Promise<Opened | null> = Promise.resolve(null);
  try {
    await requirePort(settings.PORT, settings.HOST);
    started = startAll(installation);
    const opened = await Promise.race([started, stopAsked]);
    if (opened !== null) {
      noteAddress(installation.folder, opened.address);
      for (const line of readyLines(opened, argv.includes('--json'))) installation.lines.print(line);
      await stopAsked;
    }
    return 0;
  } finally {
    await installation.stop();
    await Promise.allSettled([started]);
    installation.forget();
  }
}

function readyLines(opened: Opened, isJson: boolean): string[] {
  const { address, elsewhere } = opened;
  if (isJson) return [JSON.stringify({ ready: true, ...opened })];
  const others = elsewhere.length > 0 ? [`From other machines: ${elsewhere.join(' ')}`] : [];
  return [`Docket is ready: ${address}`, ...others];
}

function untilAborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

function openInstallation(settings: Settings, killing: AbortSignal): Installation {
  const path = resolve(settings.DATA_DIR);
  const lines = spokenLines(path);
  const { say } = lines;
  const folder = openDataFolder(path, say);
  const logs = openLogFiles(path);
  const leaveReserve = keepReserve(path, say);
  const stopping = new AbortController();
  const parts = new Map<string, Supervised>();
  const pids = new Map<string, number>();
  const noteProcess = (name: string, pid: number | null) => {
    if (pid === null) pids.delete(name);
    else pids.set(name, pid);
    try {
      noteParts(folder, pids);
    } catch (error) {
      // A full disk must not end the installation. The parts continue, and only the file that records them is out of
      // date.
      say(`Docket could not record its running parts: ${String(error)}`);
    }
  };
  return {
    settings,
    folder,
    logs,
    lines,
    killing,
    stopping: stopping.signal,
    gatewayToken: settings.GATEWAY_URL ? {} : { GATEWAY_TOKEN: randomBytes(32).toString('base64url') },
    keep: async (name, start, restarts = () => true) => {
      stopping.signal.throwIfAborted();
      const part = supervise(name, start, { say, noteProcess, restarts });
      parts.set(name, part);
      return part.first;
    },
    stop: async () => {
      stopping.abort();
      // The services stop first, while the stores still accept the work that they give back.
      await parts.get('services')?.stop(SERVICES_EXIT_MS);
      parts.delete('services');
      await Promise.all([...parts.values()].map((part) => part.stop(STORE_GRACE_MS)));
      logs.stop();
      leaveReserve();
    },
    forget: () => {
      forgetConnections(folder.path);
      folder.release();
    },
  };
}

/** Starts all parts, waits until the services are ready, and returns the addresses to open. */
async function startAll(installation: Installation): Promise<Opened> {
  const { settings, folder } = installation;
  const servers = namedServers(settings);
  for (const line of [...linesOnEnvironment(settings, servers), ...linesOnLimits()])
    installation.lines.say(line);
  // The first failure ends the start. The installation then stops the other servers.
  const [EVENTSTORE_URL, databases, GATEWAY_URL, WEB_DIR] = await Promise.all([
    eventStoreUrl(installation),
    databaseUrls(installation),
    gatewayUrl(installation),
    builtWebApp(settings.WEB_DIR, installation.stopping),
    waitForServers(servers, installation.stopping),
  ]);
  installation.stopping.throwIfAborted();
  const health = await healthPort(settings, givenSetting('HEALTH_CHECK_PORT', process.env) !== undefined, {
    note: (HEALTH_URL) =>
      noteConnections(folder.path, { EVENTSTORE_URL, ...databases, GATEWAY_URL, HEALTH_URL }),
    say: installation.lines.say,
  });
  const SHUTDOWN_GRACE_MS = String(Math.min(settings.SHUTDOWN_GRACE_MS, SERVICES_GRACE_MS_MAX));
  const env = {
    ...environmentOf('services', process.env),
    EVENTSTORE_URL,
    DATABASE_URL: databases.DATABASE_URL,
    GATEWAY_URL,
    WEB_DIR,
    DATA_DIR: folder.path,
    SHUTDOWN_GRACE_MS,
    ...installation.gatewayToken,
  };
  const port = await startServices(installation, env, health);
  const { here, elsewhere } = ownHosts(settings.HOST);
  if (settings.PUBLIC_URL) return { address: settings.PUBLIC_URL, elsewhere: [] };
  return { address: `http://${here}:${port}`, elsewhere: elsewhere.map((host) => `http://${host}:${port}`) };
}

async function eventStoreUrl(installation: Installation): Promise<string> {
  if (installation.settings.EVENTSTORE_URL) return installation.settings.EVENTSTORE_URL;
  const port = await freePort();
  const { script, args, connectionString } = ownEventStore(installation.folder.path);
  const env = environmentOf('event-store', process.env);
  await keepChild(installation, { name: 'event-store', script, args: args(port), env });
  return connectionString(port);
}

async function databaseUrls(
  installation: Installation,
): Promise<{ DATABASE_URL: string; ANALYTICS_DATABASE_URL?: string }> {
  const { DATABASE_URL } = installation.settings;
  if (DATABASE_URL) return { DATABASE_URL };
  const { folder, killing, lines } = installation;
  let port: number | null = null;
  const postgres = await installation.keep('postgres', async (stop) => {
    const running = await startEmbeddedPostgres({
      directory: join(folder.path, 'postgres'),
      stop,
      ...(port !== null && { port }),
      log: { debug: () => undefined, warn: (_details, sentence) => lines.say(sentence) },
    });
    // A restart uses the same port, so that the services find it again.
    port = running.port;
    killing.addEventListener('abort', running.endAtOnce);
    const exited = running.exited.then(({ code, signal }) => {
      killing.removeEventListener('abort', running.endAtOnce);
      return signal ?? `exit code ${code ?? 'unknown'}`;
    });
    return { ...running, exited };
  });
  return { DATABASE_URL: postgres.url, ANALYTICS_DATABASE_URL: postgres.analystUrl };
}

async function gatewayUrl(installation: Installation): Promise<string> {
  if (installation.settings.GATEWAY_URL) return installation.settings.GATEWAY_URL;
  const port = await freePort();
  const env = {
    ...environmentOf('gateway', process.env),
    PORT: String(port),
    HOST: '127.0.0.1',
    ...installation.gatewayToken,
  };
  await keepChild(installation, { name: 'gateway', script: join(ROOT, 'gateway', 'main.ts'), args: [], env });
  return `http://127.0.0.1:${port}`;
}

/** Starts a program of Docket, keeps it running, and returns its port. */
async function keepChild(installation: Installation, child: NodeChild): Promise<number> {
  const { logs, killing: kill } = installation;
  const { port } = await installation.keep(child.name, (stop) => startNodeChild(child, logs, { stop, kill }));
  return port;
}
