import { checkCrashPoint } from '../../runtime/crash-points.ts';
import { createApp, endWithJsonErrors } from '../../runtime/http/app.ts';
import { clientReader } from '../../runtime/http/client.ts';
import { listen, type Listening } from '../../runtime/http/listen.ts';
import { observabilityRoutes } from '../../runtime/http/observability.ts';
import { logRefusedAccess } from '../../runtime/http/refused-access.ts';
import { createLog, type Log } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import type { Service } from '../../runtime/service.ts';
import { loadSettings } from '../../runtime/settings.ts';
import type { Settings } from '../../schemas/config.ts';
import { PlainFailure } from '../plain-failure.ts';
import { untilAskedToStop } from '../stop-asked.ts';
import { gatherParts, type Parts } from './parts.ts';
import { SERVICES, type ServiceName } from './services.ts';

/** How long a process that has stopped everything may still be held by something open. */
const HELD_MS_MAX = 1_000;

/**
 * `docket serve <name...>`: one service, several, or `all` of them in one process, behind one port, until SIGTERM.
 * @throws PlainFailure, SettingsRefused, PortUnavailable
 */
export async function run(argv: readonly string[]): Promise<number> {
  const [name = '', ...more] = argv.filter((word) => !word.startsWith('--'));
  if (name === 'gateway' && more.length === 0)
    return (await import('../../gateway/run-gateway.ts')).runGateway([]);
  const names = [...new Set([name, ...more].flatMap(namesOf))];
  const settings = loadSettings(process.env);
  checkCrashPoint(process.env, settings.NODE_ENV);
  const logger = createLog(names.length > 1 ? 'services' : name, settings.LOG_LEVEL);
  const metrics = createMetrics();
  const parts = gatherParts(settings, logger, metrics);
  const stopAsked = Promise.race([untilAskedToStop(), untilParentIsGone()]);
  const services: Service[] = [];
  try {
    for (const each of names) services.push(await SERVICES[each](parts));
  } catch (error) {
    // What was started before would keep a process alive that serves nothing.
    await Promise.allSettled(services.map((service) => service.stop(0)));
    await parts.close();
    if (process.connected) process.disconnect();
    throw error;
  }

  let stopping = false;
  const app = createApp();
  app.use(observabilityRoutes(services, metrics, () => stopping));
  const readClient = clientReader(settings.TRUST_PROXY);
  app.use(logRefusedAccess({ log: logger, readClient, nowMs: () => performance.now() }));
  app.use(parts.limits().byAddress);
  for (const { router } of services) if (router) app.use(router);
  endWithJsonErrors(app, logger);
  const listening = await listen(app, { host: settings.HOST, port: settings.PORT });
  passUpgrades(listening, services);
  console.log(JSON.stringify({ ready: true, port: listening.port }));
  logger.info({ port: listening.port, services: names }, 'serving');

  await stopAsked;
  stopping = true;
  await stop(services, listening, parts, settings, logger);
  // The channel to a supervisor would keep this process alive.
  if (process.connected) process.disconnect();
  endEvenIfHeld(logger);
  return 0;
}

/** A timer or socket that somebody forgot must not keep a stopped process; with none, the process ends by itself. */
function endEvenIfHeld(logger: Log): void {
  setTimeout(() => {
    logger.error({ resources: process.getActiveResourcesInfo() }, 'something was still open after the stop');
    process.exit(0);
  }, HELD_MS_MAX).unref();
}

function namesOf(name: string): ServiceName[] {
  const known = Object.keys(SERVICES) as ServiceName[];
  if (name === 'all') return known;
  if (known.includes(name as ServiceName)) return [name as ServiceName];
  // Whoever opens PDFs shares no process with the stores.
  if (name === 'gateway')
    throw new PlainFailure('USAGE', 'The gateway is served alone: docket serve gateway.', { exitCode: 2 });
  throw new PlainFailure('USAGE', `Name what to serve: all, gateway, ${known.join(', ')}.`, { exitCode: 2 });
}

function passUpgrades(listening: Listening, services: readonly Service[]): void {
  listening.server.on('upgrade', (request, socket, head) => {
    for (const service of services) if (service.upgrade?.(request, socket, head)) return;
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
}

/** No new requests, then everything that runs finishes or is given back, then the stores are let go. */
async function stop(
  services: readonly Service[],
  listening: Listening,
  parts: Parts,
  settings: Settings,
  logger: Log,
): Promise<void> {
  const graceMs = settings.SHUTDOWN_GRACE_MS;
  const outcomes = await Promise.allSettled([
    listening.close(graceMs),
    ...services.map((service) => service.stop(graceMs)),
  ]);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected')
      logger.error({ err: outcome.reason as unknown }, 'a part did not stop cleanly');
  }
  await parts.close();
  logger.info('stopped');
}

function untilParentIsGone(): Promise<void> {
  return new Promise((resolve) => {
    if (process.env['EXIT_WITH_PARENT'] === '1') process.once('disconnect', () => resolve());
  });
}
