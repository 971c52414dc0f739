import { join } from 'node:path';
import { openFilesystemBlobStore } from '../../blob-store/filesystem.ts';
import { createIdentity } from '../../identity/middleware.ts';
import { createRateLimits } from '../../identity/rate-limits.ts';
import { sealSession } from '../../identity/session-cookie.ts';
import { keysFor, type SigningSecrets } from '../../identity/signing-keys.ts';
import { randomFrom } from '../../tests/rooms/projector/job-histories.ts';
import { createQueryApi } from '../../query-api/service.ts';
import { createApp, endWithJsonErrors } from '../../runtime/http/app.ts';
import { listen } from '../../runtime/http/listen.ts';
import { createLog } from '../../runtime/log/log.ts';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { ownerOf } from './life.ts';
import { MONTH_START_MS } from './month.ts';
import type { MonthStores } from './stores.ts';

const SECRETS: SigningSecrets = ['a secret of the bench that is long enough to be one'];
const MONTH_MS = 30 * 24 * 3_600_000;
const WARM_UP = 10;

export interface AskedFigures {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/**
 * Measures the waits of readers in ms over HTTP, one request at a time, at random moments of the month. It requests
 * the busiest owner's list, an operator's list of everyone, one job and its explanation, and the dashboard. It
 * requests each of them at the present and in the past.
 *
 * @param times the number of requests of each kind
 */
export async function measureAsking(
  stores: MonthStores,
  folder: string,
  times: number,
): Promise<Readonly<Record<string, AskedFigures>>> {
  const api = await openApi(stores, folder);
  try {
    const jobs = await sampleOfJobs(stores, times);
    const head = Number(await stores.log.head());
    const random = randomFrom(7);
    const position = (): string => String(Math.floor((0.05 + 0.95 * random()) * head));
    const instant = (): string =>
      new Date(MONTH_START_MS + Math.floor((0.05 + 0.95 * random()) * MONTH_MS)).toISOString();
    const job = () => jobs[Math.floor(random() * jobs.length)]!;
    const asks: Record<string, () => string> = {
      'list, busiest owner': () => '/api/jobs?limit=50',
      'list, busiest owner, asOf position': () => `/api/jobs?limit=50&asOf=${position()}`,
      'list, busiest owner, asOf time': () => `/api/jobs?limit=50&asOf=${instant()}`,
      'list, busiest owner, failed, asOf': () => `/api/jobs?limit=50&state=failed&asOf=${position()}`,
      'list, everyone': () => '/api/ops/jobs?limit=50',
      'list, everyone, asOf position': () => `/api/ops/jobs?limit=50&asOf=${position()}`,
      job: () => `/api/ops/jobs/${job().id}`,
      'job, asOf': () => `/api/ops/jobs/${job().id}?asOf=${job().last}`,
      'timeline, asOf': () => `/api/ops/jobs/${job().id}/timeline?asOf=${job().last}`,
      why: () => `/api/ops/jobs/${job().id}/why`,
      'why, at a position': () => `/api/ops/jobs/${job().id}/why?at=${job().last}`,
      'dashboard, 24 h': () => '/api/dashboard?range=24h',
      'dashboard, 24 h, asOf position': () => `/api/dashboard?range=24h&asOf=${position()}`,
      'dashboard, 24 h, asOf time': () => `/api/dashboard?range=24h&asOf=${instant()}`,
      'dashboard, 30 d': () => '/api/dashboard?range=30d',
      'dashboard, 30 d, asOf position': () => `/api/dashboard?range=30d&asOf=${position()}`,
    };
    const figures: Record<string, AskedFigures> = {};
    for (const [name, path] of Object.entries(asks)) {
      figures[name] = await timed(api.get, path, times);
      // A month takes long, so each figure is printed at once. An ended run then loses nothing.
      console.error(`${name}: ${JSON.stringify(figures[name])}`);
    }
    return figures;
  } finally {
    await api.close();
  }
}

async function timed(
  get: (path: string) => Promise<Response>,
  path: () => string,
  times: number,
): Promise<AskedFigures> {
  const took: number[] = [];
  for (let time = -WARM_UP; time < times; time += 1) {
    const asked = path();
    const startedMs = performance.now();
    const answer = await get(asked);
    const body = await answer.text();
    const ms = performance.now() - startedMs;
    // A job may not exist yet at the position of another job.
    if (answer.status !== 200 && answer.status !== 404) throw new Error(`${asked}: ${answer.status} ${body}`);
    if (time >= 0) took.push(ms);
  }
  took.sort((one, other) => one - other);
  const at = (share: number): number =>
    Math.round(took[Math.min(took.length - 1, Math.floor(share * took.length))]! * 10) / 10;
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

async function sampleOfJobs({ store }: MonthStores, count: number) {
  const { rows } = await store.query<{ id: string; last: string }>(
    `select job_id as id, position::text as last from docket.jobs order by md5(job_id::text) limit $1`,
    [count],
  );
  return rows;
}

/**
 * Opens the query-api as `docket serve query-api` runs it. The busiest owner sends the requests, and is also an
 * operator.
 */
async function openApi({ store, log }: MonthStores, folder: string) {
  const logger = createLog('bench', 'error');
  const settings = { ...loadSettings({ OPS_ACCESS: 'open' }), PORT: 0 };
  // The clock shows the last minute of the month, so that windows up to the present contain something.
  const clock = { now: () => MONTH_START_MS + MONTH_MS };
  const identity = createIdentity({ settings, secrets: SECRETS, clock });
  const blobs = await openFilesystemBlobStore({ directory: join(folder, 'blobs') });
  const metrics = createMetrics({ defaults: false });
  const service = await createQueryApi({
    store,
    log,
    blobs,
    settings,
    identity,
    logger,
    clock,
    secrets: SECRETS,
    webDir: null,
    mappings: { list: () => [], find: () => null, fresh: () => Promise.resolve() },
    metrics,
    limits: createRateLimits({ settings, readClient: identity.readClient, metrics }),
  });
  const app = createApp();
  if (service.router) app.use(service.router);
  endWithJsonErrors(app, logger);
  const listening = await listen(app, { host: '127.0.0.1', port: 0 });
  const cookie = `docket=${sealSession(ownerOf(0), keysFor(SECRETS, 'session'), clock.now())}`;
  return {
    get: (path: string) => fetch(`http://127.0.0.1:${listening.port}${path}`, { headers: { cookie } }),
    close: async () => {
      await service.stop(1_000);
      await listening.close(500);
    },
  };
}
