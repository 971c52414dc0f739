import { setTimeout as sleep } from 'node:timers/promises';
import { Router, type RequestHandler } from 'express';
import type { BlobStore } from '../blob-store/blob-store.ts';
import { jobDecider } from '../conversion-job/decider.ts';
import { retryPolicyOf } from '../conversion-job/retry-policy.ts';
import type { EventLog } from '../event-store/event-log.ts';
import type { Identity } from '../identity/middleware.ts';
import type { RateLimits } from '../identity/rate-limits.ts';
import type { Clock } from '../runtime/clock.ts';
import { ApiError } from '../runtime/http/api-error.ts';
import type { Log } from '../runtime/log/log.ts';
import type { MappingDirectory } from '../runtime/mapping-directory.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import { type Service, waitingList, type WaitingNow } from '../runtime/service.ts';
import type { Settings } from '../schemas/settings/config.ts';
import { createAdmission } from './admission/admission.ts';
import { operatingActor, owningActor } from './commands/command-actor.ts';
import { batchRoute, oneJobRoute, type ActorOf, type CommandName } from './commands/command-routes.ts';
import { watchDisk } from './admission/disk-guard.ts';
import { answerErrorEarly } from './early-answer.ts';
import { createIdempotency } from './idempotency/idempotency.ts';
import { followOwnerStorage } from './owner-storage/owner-storage.ts';
import { recordRejectedUploads } from './rejected-uploads.ts';
import { createUploadMetrics } from './upload-metrics.ts';
import { uploadRoute } from './upload/upload-route.ts';
import type { WriteSide } from './write-side.ts';

const DRAIN_ASKED_EVERY_MS = 20;
const MAPPINGS_MISSING: WaitingNow = {
  dependency: 'mappings',
  why: 'The gateway has not reported its mappings yet.',
};

const STORAGE_UNCOUNTED: WaitingNow = {
  dependency: 'storage of owners',
  why: 'Docket is still adding up the storage of each owner from the log.',
};

/**
 * Makes the write side, which turns uploads and commands into events. It needs the log and the blobs, but never
 * Postgres. The caller closes the log, the blobs and the directory.
 */
export function createCommandApi(options: {
  log: EventLog;
  blobs: BlobStore;
  settings: Settings;
  logger: Log;
  metrics: Metrics;
  clock: Clock;
  mappings: Pick<MappingDirectory, 'find' | 'loaded' | 'fresh'>;
  identity: Pick<Identity, 'middleware' | 'operatorsOnly' | 'readClient'>;
  limits: RateLimits;
}): Service {
  const { log, blobs, settings, logger, clock, mappings, identity } = options;
  const disk = watchDisk({ settings, blobs, clock, logger, metrics: options.metrics });
  const { limits } = options;
  const admission = createAdmission({ settings, disk, limits, readClient: identity.readClient });
  const metrics = createUploadMetrics(options.metrics, () => admission.inFlight());
  const rejections = recordRejectedUploads({
    log,
    logger,
    clock,
    onDropped: (count) => metrics.rejectionsDropped.inc(count),
  });
  const { OWNER_STORAGE_MB: ownerStorageMb } = settings;
  const allowedBytes = (ownerStorageMb ?? 0) * 1024 * 1024;
  const ownerStorage =
    ownerStorageMb === undefined
      ? null
      : followOwnerStorage({ log, allowedBytes, logger, metrics: options.metrics });
  const side: WriteSide = {
    log,
    blobs,
    mappings,
    admission,
    ownerStorage,
    rejections,
    metrics,
    settings,
    clock,
    logger,
    // The write side never retries, but its decisions must equal the processor's.
    decider: jobDecider(retryPolicyOf(settings)),
    idempotency: createIdempotency(log, clock),
  };
  let isStopping = false;
  const admit: RequestHandler = (_req, _res, next) => {
    if (isStopping) throw new ApiError('UNAVAILABLE', 'Docket is stopping; try again in a moment.');
    next();
  };

  const sinceNoted = waitingList(() => clock.now());
  return {
    name: 'command-api',
    router: routes(side, [admit, identity.middleware, limits.byOwner], identity.operatorsOnly),
    readiness: () => {
      const waitingFor = sinceNoted([
        ...(mappings.loaded() ? [] : [MAPPINGS_MISSING]),
        ...(ownerStorage === null || ownerStorage.isKnown() ? [] : [STORAGE_UNCOUNTED]),
      ]);
      return { ready: waitingFor.length === 0 && !isStopping, waitingFor };
    },
    stop: async (graceMs) => {
      isStopping = true;
      disk.stop();
      const until = performance.now() + graceMs;
      while (admission.inFlight() > 0 && performance.now() < until) await sleep(DRAIN_ASKED_EVERY_MS);
      await ownerStorage?.stop();
      await rejections.stop(Math.max(0, until - performance.now()));
    },
  };
}

function routes(side: WriteSide, first: RequestHandler[], operatorsOnly: RequestHandler): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.post('/api/jobs', first, uploadRoute(side), answerErrorEarly);
  const many = (name: CommandName, actorOf: ActorOf) => batchRoute(side, name, actorOf);
  const one = (name: CommandName, actorOf: ActorOf) => oneJobRoute(side, name, actorOf);
  for (const name of ['retry', 'cancel'] as const) {
    router.post(`/api/jobs/${name}`, first, many(name, owningActor), answerErrorEarly);
    router.post(`/api/jobs/:id/${name}`, first, one(name, owningActor), answerErrorEarly);
  }
  router.delete('/api/jobs/:id', first, one('cancel', owningActor), answerErrorEarly);
  const operators = [...first, operatorsOnly];
  for (const name of ['retry', 'cancel', 'discard'] as const) {
    router.post(`/api/ops/jobs/${name}`, operators, many(name, operatingActor), answerErrorEarly);
    router.post(`/api/ops/jobs/:id/${name}`, operators, one(name, operatingActor), answerErrorEarly);
  }
  return router;
}
