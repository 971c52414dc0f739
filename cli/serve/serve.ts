import { unansweredAppends } from '../../event-store/client/client-append.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkCrashPoint } from '../../runtime/crash-points.ts';
import { type Listening, listen } from '../../runtime/http/listen.ts';
import { startGate, type StartGate } from '../../runtime/http/start-gate.ts';
import { createLog, type Log } from '../../runtime/log/log.ts';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import type { Service, WaitingFor } from '../../runtime/service.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { PlainFailure, usage } from '../plain-failure.ts';
import { untilAskedToStop } from '../stop-asked.ts';
import { watchDependencies } from './dependencies.ts';
import { gatherParts, type Parts } from './parts.ts';
import { SERVICES, type ServiceName } from './services.ts';
import type { RequestHandler } from 'express';
import { answerRaw } from '../../runtime/http/answer-raw.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { createApp, endWithJsonErrors } from '../../runtime/http/app.ts';
import { clientReader } from '../../runtime/http/client.ts';
import { observabilityRoutes, type Observed } from '../../runtime/http/observability.ts';
import { logRefusedAccess } from '../../runtime/http/refused-access.ts';
import type { Settings } from '../../schemas/settings/config.ts';

/** The longest time for which an open socket or timer may keep a stopped process alive. */
const HELD_MS_MAX = 1_000;

/**
 * `docket serve <name...>`: runs one service, several, or `all` of them in one process, behind one port, until SIGTERM.
 * The routes for operators (`/health`, `/ready`, `/metrics`) have a separate port. Prints one line when both listen:
 * {"listening":true,"port":N,"healthPort":N}.
 *
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
  let health: Listening | null = null;
  let listening: Listening | null = null;
  const dependencies = watchDependencies(parts);
  let stopping = false;
  let failure: Error | null = null;
  try {
    for (const each of names) services.push(dependencies.watched(each, await SERVICES[each](parts)));
    const gate = startGate(services);
    const fresh = (): Promise<void> => dependencies.fresh();
    health = await listenForHealth(settings, {
      services,
      metrics,
      logger,
      fresh,
      isStopping: () => stopping,
    });
    listening = await listenForAll({ settings, services, gate, logger, byAddress: parts.limits().byAddress });
    console.log(JSON.stringify({ listening: true, port: listening.port, healthPort: health.port }));
    logger.info({ port: listening.port, healthPort: health.port, services: names }, 'listening');
    const isOver = (): boolean => stopping || gate.isOpen();
    const started = endHopelessStart(services, isOver).then(() => {
      if (!stopping) logger.info('ready');
      return stopAsked;
    });
    await Promise.race([stopAsked, started]);
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  }
  stopping = true;
  dependencies.stop();
  // When a start fails, every part that started must end, because such a part would keep a useless process alive.
  const graceMs = failure === null ? settings.SHUTDOWN_GRACE_MS : 0;
  await stop({ services, listening, parts, graceMs, logger });
  await health?.close(0);
  // The open channel to a supervisor would keep this process alive.
  if (process.connected) process.disconnect();
  endEvenIfHeld(logger);
  if (failure !== null) throw failure;
  return 0;
}

/**
 * Ends a stopped process that an open timer or socket keeps alive; otherwise it ends by itself. An append to a silent
 * event store can keep it alive too, because an append cannot be cancelled.
 */
function endEvenIfHeld(logger: Log): void {
  setTimeout(() => {
    const appends = unansweredAppends();
    if (appends > 0)
      logger.warn({ appends }, 'the event store did not answer; its appends end with this process');
    else
      logger.error(
        { resources: process.getActiveResourcesInfo() },
        'something was still open after the stop',
      );
    process.exit();
  }, HELD_MS_MAX).unref();
}

function namesOf(name: string): ServiceName[] {
  const known = Object.keys(SERVICES) as ServiceName[];
  if (name === 'all') return known;
  if (known.includes(name as ServiceName)) return [name as ServiceName];
  // The gateway opens PDFs of unknown origin, so it shares no process with the stores.
  if (name === 'gateway') throw usage('The gateway runs alone in its process: docket serve gateway.');
  throw usage(`Name what to serve: all, gateway, ${known.join(', ')}.`);
}

/** Refuses new requests, waits until running work is finished or returned to the log, then closes the stores. */
async function stop(started: {
  readonly services: readonly Service[];
  readonly listening: Listening | null;
  readonly parts: Parts;
  readonly graceMs: number;
  readonly logger: Log;
}): Promise<void> {
  const { services, listening, parts, graceMs, logger } = started;
  const outcomes = await Promise.allSettled([
    listening?.close(graceMs),
    ...services.map((service) => service.stop(graceMs)),
  ]);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected')
      logger.error({ err: outcome.reason as unknown }, 'a part did not stop cleanly');

  await parts.close();
  logger.info('stopped');
}

function untilParentIsGone(): Promise<void> {
  return new Promise((resolve) => {
    if (process.env['EXIT_WITH_PARENT'] === '1') process.once('disconnect', () => resolve());
  });
}

/**
 * A refusal must last this long before it ends a start, because a store that is starting may not know its users yet.
 */
const HOPELESS_AFTER_MS = 4_000;
const LOOK_EVERY_MS = 200;

/**
 * Rejects when a service waits for a fault that waiting cannot end. Resolves when `isOver`.
 * @throws PlainFailure with the place and the reason
 */
async function endHopelessStart(services: readonly Service[], isOver: () => boolean): Promise<void> {
  let sinceMs: number | null = null;
  while (!isOver()) {
    const hopeless = services.flatMap((each) => each.readiness().waitingFor).find(({ final }) => final);
    if (hopeless === undefined) sinceMs = null;
    else if (performance.now() - (sinceMs ??= performance.now()) > HOPELESS_AFTER_MS) throw failure(hopeless);
    await sleep(LOOK_EVERY_MS, undefined, { ref: false });
  }
}

function failure({ dependency, at, why }: WaitingFor): PlainFailure {
  const where = at === null ? '' : ` at ${at}`;
  return new PlainFailure('CANNOT_BE_READY', `The ${dependency}${where} will not serve Docket: ${why}`);
}

/**
 * Listens on the port of `/health`, `/ready` and `/metrics`.
 * @throws PortUnavailable
 */
async function listenForHealth(
  settings: Settings,
  parts: Observed & { readonly logger: Log },
): Promise<Listening> {
  const app = createApp();
  app.use(observabilityRoutes(parts));
  endWithJsonErrors(app, parts.logger);
  const { HEALTH_CHECK_HOST: host, HEALTH_CHECK_PORT: port } = settings;
  return listen(app, { host, port, setting: 'HEALTH_CHECK_PORT' });
}

/**
 * Listens on the public port.
 * @throws PortUnavailable
 */
async function listenForAll(parts: {
  readonly settings: Settings;
  readonly services: readonly Service[];
  readonly gate: StartGate;
  readonly logger: Log;
  /** Limits the requests of each address. */
  readonly byAddress: RequestHandler;
}): Promise<Listening> {
  const { settings, services, gate, logger } = parts;
  const app = createApp();
  app.use(gate.middleware);
  const readClient = clientReader(settings.TRUST_PROXY);
  app.use(logRefusedAccess({ log: logger, readClient, nowMs: () => performance.now() }));
  app.use(parts.byAddress);
  for (const { router } of services) if (router) app.use(router);
  endWithJsonErrors(app, logger);
  const listening = await listen(app, { host: settings.HOST, port: settings.PORT });
  listening.server.on('upgrade', (request, socket, head) => {
    if (!gate.isOpen()) return answerRaw(socket, gate.refusal());
    for (const service of services) if (service.upgrade?.(request, socket, head)) return;
    answerRaw(socket, new ApiError('NOT_FOUND'));
  });
  return listening;
}
