import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { migrateReadTables } from '../read-tables/migrate.ts';
import { openReadStore, type ReadStore } from '../read-store/pool.ts';
import { createApp, endWithJsonErrors } from '../runtime/http/app.ts';
import { clientReader } from '../runtime/http/client.ts';
import { createLog } from '../runtime/log/log.ts';
import { createMetrics } from '../runtime/metrics/metrics.ts';
import { loadSettings } from '../runtime/settings/settings.ts';
import { startTestPostgres, type TestPostgres } from '../tests/harness/postgres.ts';
import { createRateLimits } from './rate-limits.ts';

const logger = createLog('test', 'silent');
let postgres: TestPostgres;
let store: ReadStore;

beforeAll(async () => {
  postgres = await startTestPostgres();
  await migrateReadTables(postgres.url);
  store = openReadStore({ url: postgres.url, poolMax: 2, timeoutMs: 2_000, log: logger });
}, 60_000);
afterAll(async () => {
  await store.close();
  await postgres.stop();
});

/** One process that serves: every route behind the limits, the owner as a header names it. */
function serving(environment: Record<string, string>, sharedBy?: ReadStore['pool']) {
  const metrics = createMetrics({ defaults: false });
  const limits = createRateLimits({
    settings: loadSettings(environment),
    readClient: clientReader('loopback'),
    metrics,
    sharedBy,
  });
  const app = createApp();
  app.use(limits.byAddress);
  app.use((req, res, next) => {
    res.locals['owner'] = req.get('x-owner');
    next();
  });
  app.use(limits.byOwner, limits.byOwner);
  app.get('/read', (_req, res) => void res.json({}));
  endWithJsonErrors(app, logger);
  const ask = (address: string, owner = address) =>
    request(app).get('/read').set('X-Forwarded-For', address).set('X-Owner', owner);
  return { app, ask, metrics, limits };
}

describe('limits on every route', () => {
  it('refuse with 429, Retry-After and the RateLimit fields, and let other addresses in', async () => {
    const { ask, metrics } = serving({ REQUEST_RATE_PER_MINUTE: '2' });
    const first = await ask('198.51.100.4');
    expect(first.get('RateLimit-Policy')).toBe('"address";q=2;w=60, "owner";q=2;w=60');
    expect(first.get('RateLimit')).toMatch(/^"address";r=1;t=\d+, "owner";r=1;t=\d+$/);
    await ask('198.51.100.4');
    const refused = await ask('198.51.100.4');
    expect([refused.status, refused.body.error.code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(refused.get('Retry-After'))).toBeGreaterThanOrEqual(1);
    expect((await ask('198.51.100.5')).status).toBe(200);
    expect(await metrics.metrics()).toContain('docket_requests_refused_total{reason="address"} 1');
  });

  it('count an owner over all addresses, once a request', async () => {
    const { ask } = serving({ REQUEST_RATE_PER_MINUTE: '3' });
    const statuses = [];
    for (let n = 1; n <= 4; n += 1) statuses.push((await ask(`198.51.100.${n}`, 'anna')).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  it('are those of the seeds in the strict profile: 100 requests a minute, 10 uploads an hour [A-UP16]', async () => {
    const { limits, ask } = serving({ RATE_PROFILE: 'strict' });
    const waits = [];
    for (let n = 1; n <= 11; n += 1) waits.push(await limits.file('anna'));
    expect(waits.slice(0, 10).every((wait) => wait === null)).toBe(true);
    expect(waits[10]).toBeGreaterThan(3_000);
    expect((await ask('198.51.100.4')).get('RateLimit-Policy')).toContain('"address";q=100;w=60');
  });

  it('are one count for all processes where they share Postgres', async () => {
    const one = serving({ REQUEST_RATE_PER_MINUTE: '3' }, store.pool);
    const other = serving({ REQUEST_RATE_PER_MINUTE: '3' }, store.pool);
    const statuses = [];
    for (const process of [one, other, one, other]) statuses.push((await process.ask('203.0.113.7')).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  it('go on by each process’s own count while Postgres is away', async () => {
    const away = openReadStore({
      url: 'postgres://docket@127.0.0.1:1/docket',
      poolMax: 1,
      timeoutMs: 250,
      log: logger,
    });
    const { ask } = serving({ REQUEST_RATE_PER_MINUTE: '2' }, away.pool);
    const statuses = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await ask('203.0.113.8')).status);
    expect(statuses).toEqual([200, 200, 429]);
    await away.close();
  });
});
