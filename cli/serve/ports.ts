import type { RequestHandler } from 'express';
import { answerRaw } from '../../runtime/http/answer-raw.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { createApp, endWithJsonErrors } from '../../runtime/http/app.ts';
import { clientReader } from '../../runtime/http/client.ts';
import { listen, type Listening } from '../../runtime/http/listen.ts';
import { observabilityRoutes, type Observed } from '../../runtime/http/observability.ts';
import { logRefusedAccess } from '../../runtime/http/refused-access.ts';
import type { StartGate } from '../../runtime/http/start-gate.ts';
import type { Log } from '../../runtime/log/log.ts';
import type { Service } from '../../runtime/service.ts';
import type { Settings } from '../../schemas/settings/config.ts';

/**
 * Listens on the port of `/health`, `/ready` and `/metrics`.
 * @throws PortUnavailable
 */
export async function listenForHealth(
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
export async function listenForAll(parts: {
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
