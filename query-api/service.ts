import { Router, type Request, type RequestHandler } from 'express';
import type { BlobStore } from '../blob-store/blob-store.ts';
import { retryPolicyOf } from '../conversion-job/retry-policy.ts';
import type { EventLog } from '../event-store/event-log.ts';
import type { Identity } from '../identity/middleware.ts';
import type { RateLimits } from '../identity/rate-limits.ts';
import { allowedOrigins } from '../identity/same-origin.ts';
import { keysFor, type SigningSecrets } from '../identity/signing-keys.ts';
import type { ReadStore } from '../read-store/pool.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log/log.ts';
import type { MappingDirectory } from '../runtime/mapping-directory.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import { type Service, waitingList, type WaitingNow } from '../runtime/service.ts';
import type { Settings } from '../schemas/settings/config.ts';
import { AS_OPERATOR, AS_OWNER } from './request/asker.ts';
import { startChangeFeed, type ChangeFeed } from './change-feed/change-feed.ts';
import { readOpsMetrics, type DashboardSources } from './dashboard/dashboard.ts';
import { documentReader } from './downloads/document-reader.ts';
import { createDownloadLedger } from './downloads/download-ledger.ts';
import { createLiveServer, type LiveServer } from './live/live-server.ts';
import { ownerPagesReader, pageReader } from './change-feed/page-reader.ts';
import { BEFORE_EVERYTHING } from './change-feed/page.ts';
import { findOwnJob } from './downloads/own-job.ts';
import { listenForPositions } from './change-feed/position-listener.ts';
import { labelOf, type QueryContext } from './request/query-context.ts';
import { readyResults } from './downloads/ready-result.ts';
import { checkedBlobs } from './downloads/result-delivery.ts';
import { documentRoutes } from './downloads/document-routes.ts';
import { resultFormats } from './downloads/result-formats.ts';
import { downloadRoutes, resultRoutes } from './downloads/download-routes.ts';
import { jobRoutes } from './queue/job-routes.ts';
import { listingRoutes } from './listing-routes.ts';
import { oneJobRoutes } from './one-job/one-job-routes.ts';
import { opsRoutes } from './dashboard/ops-routes.ts';
import { webRoutes } from './web-app/web-routes.ts';
import { zipRoutes } from './downloads/zip-routes.ts';
import { loadWebFiles } from './web-app/web-files.ts';

/** Longest wait of a subscription for the first read of the read tables. */
const FEED_WAIT_MS = 5_000;
const TABLES_MISSING: WaitingNow = {
  dependency: 'read tables',
  why: 'They cannot be read, or the projector has not made them yet.',
};

export interface QueryApiOptions {
  readonly store: ReadStore;
  readonly log: EventLog;
  readonly blobs: BlobStore;
  readonly mappings: Pick<MappingDirectory, 'list' | 'find' | 'fresh'>;
  readonly identity: Identity;
  readonly limits: RateLimits;
  /** Keys that sign page cursors and resume tokens. All query-api processes of an installation share them. */
  readonly secrets: SigningSecrets;
  readonly settings: Settings;
  readonly logger: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Folder of the built web app; null for none. */
  readonly webDir: string | null;
}

/**
 * The service for reads, downloads, the live socket and the web app's files.
 * @throws WebAppMissing
 */
export async function createQueryApi(options: QueryApiOptions): Promise<Service> {
  const { store, log, settings, logger, metrics, clock, secrets, identity } = options;
  const policy = retryPolicyOf(settings);
  const files = options.webDir === null ? null : await loadWebFiles(options.webDir);
  const ledger = createDownloadLedger({ log, policy, clock, logger, metrics });
  const keys = { cursor: keysFor(secrets, 'page-cursor'), token: keysFor(secrets, 'resume-token') };
  const label = labelOf(options);
  const readPage = pageReader(store, label);
  const figures: DashboardSources = { store, log, clock, silentMs: settings.PROCESSOR_SILENT_MS };
  const live: LiveServer = createLiveServer({
    identity,
    limits: options.limits,
    socketsPerAddressMax: settings.SOCKETS_PER_ADDRESS_MAX,
    keys: keys.token,
    readPage,
    readOwnerPages: ownerPagesReader(store, label),
    feedAt: () => feed.at(),
    feedWanted: () => feed.hurry(),
    feedReady: () => feed.reached(BEFORE_EVERYTHING, FEED_WAIT_MS),
    ownsJob: async (owner, jobId) => (await findOwnJob(log, policy, owner, jobId)) !== null,
    readMetrics: async () => JSON.stringify(await readOpsMetrics(figures)),
    clock,
    random: Math.random,
    log: logger,
    metrics,
  });
  const feed: ChangeFeed = startChangeFeed({ store, readPage, listener: live, log: logger });
  const listener = listenForPositions({
    url: store.url,
    timeoutMs: settings.DATABASE_TIMEOUT_MS,
    log: logger,
    onWake: () => feed.wake(),
  });
  const context: QueryContext = {
    store,
    log,
    blobs: options.blobs,
    mappings: options.mappings,
    feed,
    policy,
    keys,
    logger,
    clock,
  };
  const blobs = checkedBlobs(options.blobs);
  const results = readyResults(context, blobs, metrics);
  const reader = documentReader({ ...gatewayOf(settings), blobs });
  const router = Router();
  if (settings.PUBLIC_URL?.startsWith('https:')) router.use(requireTls);
  router.use('/api', privateAnswers, identity.middleware, options.limits.byOwner);
  router.use(listingRoutes(options, settings, identity));
  router.use(opsRoutes(context, figures, identity));
  router.use(zipRoutes(context, blobs, ledger));
  router.use(downloadRoutes(ledger, results, resultFormats({ ...gatewayOf(settings), blobs })));
  router.use(jobRoutes(context));
  for (const asker of [AS_OWNER, AS_OPERATOR]) {
    router.use(resultRoutes(results, asker));
    router.use(documentRoutes(context, blobs, reader, asker));
    router.use(oneJobRoutes(context, asker));
  }
  if (files) router.use(webRoutes(files, identity.middleware, (request) => socketOrigins(settings, request)));

  const sinceNoted = waitingList(() => clock.now());
  return {
    name: 'query-api',
    router,
    upgrade: (request, socket, head) => live.upgrade(request, socket, head),
    readiness: () => {
      const waitingFor = sinceNoted(feed.healthy() ? [] : [TABLES_MISSING]);
      return { ready: waitingFor.length === 0, waitingFor };
    },
    stop: async (graceMs) => {
      await live.stop(graceMs);
      await Promise.all([feed.stop(), listener.stop(), ledger.settle(graceMs)]);
    },
  };
}

const gatewayOf = (settings: Settings) => ({
  gatewayUrl: settings.GATEWAY_URL,
  token: settings.GATEWAY_TOKEN,
  timeoutMs: settings.GATEWAY_TIMEOUT_MS,
});

/**
 * Tells browsers to use only TLS for a year (RFC 6797). The rule covers only this host, because other hosts may not
 * be ready for TLS.
 */
const requireTls: RequestHandler = (_req, res, next) => {
  res.set('Strict-Transport-Security', 'max-age=31536000');
  next();
};

/** Marks answers of the API as private, and as not executable. */
const privateAnswers: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'private, no-store').set('X-Content-Type-Options', 'nosniff');
  res.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  next();
};

/**
 * The origins of Docket's own sockets. They come from the settings, never from the request's Host (A-HT02). A policy
 * cannot name IPv6 addresses (CSP 3, section 2.3.1), so for these it uses 'self'.
 */
function socketOrigins(settings: Settings, request: Request): readonly string[] {
  const origins = allowedOrigins(settings, settings.PORT || (request.socket.localPort ?? 0));
  return [...origins]
    .filter((origin) => !origin.includes('['))
    .map((origin) => origin.replace(/^http/, 'ws'));
}
