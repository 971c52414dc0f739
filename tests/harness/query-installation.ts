import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFilesystemBlobStore } from '../../blob-store/filesystem.ts';
import { connectEventLog } from '../../event-store/connect.ts';
import { createIdentity } from '../../identity/middleware.ts';
import { createRateLimits } from '../../identity/rate-limits.ts';
import { sealSession } from '../../identity/session-cookie.ts';
import { keysFor, type SigningSecrets } from '../../identity/signing-keys.ts';
import { createQueryApi, type QueryApiOptions } from '../../query-api/service.ts';
import { migrateReadTables } from '../../read-tables/migrate.ts';
import { openReadStore } from '../../read-store/pool.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createApp, endWithJsonErrors } from '../../runtime/http/app.ts';
import { listen } from '../../runtime/http/listen.ts';
import { createLog } from '../../runtime/log/log.ts';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { startTestEventStore } from './event-store.ts';
import { startTestPostgres } from './postgres.ts';

export const SECRETS: SigningSecrets = ['a secret for tests that is long enough to be one'];
const MAPPING = { id: 'pt_simon_invoice_v1', version: 1, label: 'Invoice (PT)', default: true };

/** A query-api on a real Postgres, a real event store and a real folder. The test itself writes the rows. */
export type QueryInstallation = Awaited<ReturnType<typeof startQueryInstallation>>;

export async function startQueryInstallation(
  changes: Partial<QueryApiOptions> & { withLog?: boolean; withTables?: boolean } = {},
) {
  const directory = await mkdtemp(join(tmpdir(), 'docket-query-installation-'));
  const logger = createLog('test-query-api', 'silent');
  const [postgres, eventStore] = await Promise.all([
    startTestPostgres(),
    changes.withLog === false ? null : startTestEventStore(),
  ]);
  if (changes.withTables !== false) await migrateReadTables(postgres.url);
  const store = openReadStore({ url: postgres.url, poolMax: 10, timeoutMs: 3_000, log: logger });
  const log = connectEventLog({
    connectionString: eventStore?.connectionString ?? 'esdb://127.0.0.1:1?tls=false',
    timeoutMs: 3_000,
    log: logger,
  });
  const blobs = await openFilesystemBlobStore({ directory: join(directory, 'blobs') });
  // All requests of a test come from one address.
  const crowd = { SOCKETS_PER_ADDRESS_MAX: '10000', REQUEST_RATE_PER_MINUTE: '1000000' };
  const settings = { ...loadSettings({ NODE_ENV: 'test', ...crowd }), PORT: 0 };
  const identity = createIdentity({ settings, secrets: SECRETS, clock: systemClock });
  const metrics = createMetrics({ defaults: false });
  const limits = createRateLimits({ settings, readClient: identity.readClient, metrics });
  const options: QueryApiOptions = {
    limits,
    store,
    log,
    blobs,
    settings,
    identity,
    logger,
    clock: systemClock,
    webDir: null,
    secrets: SECRETS,
    mappings: {
      list: () => [{ ...MAPPING, mediaType: 'application/xml' }],
      fresh: () => Promise.resolve(),
      find: (id) => (id === MAPPING.id ? { ...MAPPING, mediaType: 'application/xml' } : null),
    },
    metrics,
    ...changes,
  };
  /** Makes an identity with other settings and the same sessions. */
  const identityWith = (other: Partial<typeof settings>) =>
    createIdentity({ settings: { ...settings, ...other }, secrets: SECRETS, clock: systemClock });
  const open = async (otherwise: Partial<QueryApiOptions> = {}) => {
    const metrics = createMetrics({ defaults: false });
    const service = await createQueryApi({ ...options, metrics, ...otherwise });
    const app = createApp();
    if (service.router) app.use(service.router);
    endWithJsonErrors(app, logger);
    const listening = await listen(app, { host: '127.0.0.1', port: 0 });
    listening.server.on('upgrade', (request, socket, head) => {
      if (!service.upgrade?.(request, socket, head)) socket.destroy();
    });
    return { service, metrics, listening, url: `http://127.0.0.1:${listening.port}`, port: listening.port };
  };
  const first = await open();
  const cookieOf = (owner: string) => `docket=${sealSession(owner, keysFor(SECRETS, 'session'), Date.now())}`;
  const get = (path: string, owner: string, init: RequestInit = {}) =>
    fetch(new URL(path, first.url), { ...init, headers: { ...init.headers, cookie: cookieOf(owner) } });
  return {
    ...first,
    open,
    identityWith,
    store,
    log,
    blobs,
    postgres,
    eventStore,
    directory,
    cookieOf,
    get,
    /** Returns a new owner id in the right form. */
    newOwner: () => randomUUID().replaceAll('-', '').slice(0, 22),
    json: async <Answer>(path: string, owner: string): Promise<Answer> =>
      (await (await get(path, owner)).json()) as Answer,
    stop: async () => {
      await first.service.stop(1_000);
      await first.listening.close(500);
      await store.close();
      await log.close();
      await Promise.all([postgres.stop(), eventStore?.stop()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
