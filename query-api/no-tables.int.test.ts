import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrateReadTables } from '../read-tables/migrate.ts';
import { startQueryInstallation, type QueryInstallation } from '../tests/harness/query-installation.ts';

const READS = ['/api/jobs', '/api/jobs/metrics', '/api/dashboard', '/api/ops/jobs', '/api/ops/failures'];

let installation: QueryInstallation;
let owner: string;
beforeAll(async () => {
  installation = await startQueryInstallation({ withTables: false });
  owner = installation.newOwner();
});
afterAll(() => installation.stop());

describe('before the projector has made its tables', () => {
  it('every read is answered 503 with Retry-After, and readiness says no', async () => {
    for (const path of READS) {
      const answer = await installation.get(path, owner);
      const { error } = (await answer.json()) as { error: { code: string } };
      expect([path, answer.status, error.code]).toEqual([path, 503, 'UNAVAILABLE']);
      expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0);
    }
    expect(installation.service.readiness().ready).toBe(false);
  });

  it('reads work as soon as the tables are there, without a restart', async () => {
    await migrateReadTables(installation.postgres.url);
    for (const path of READS.slice(0, 3)) expect((await installation.get(path, owner)).status).toBe(200);
    while (!installation.service.readiness().ready) await sleep(20);
  });
});
