import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrateReadTables } from '../read-tables/migrate.ts';
import { startQueryHouse, type QueryHouse } from '../tests/harness/query-house.ts';

const READS = ['/api/jobs', '/api/jobs/metrics', '/api/dashboard', '/api/ops/jobs', '/api/ops/failures'];

let house: QueryHouse;
let owner: string;
beforeAll(async () => {
  house = await startQueryHouse({ withTables: false });
  owner = house.newOwner();
});
afterAll(() => house.stop());

describe('before the projector has made its tables', () => {
  it('every read is answered 503 with Retry-After, and readiness says no', async () => {
    for (const path of READS) {
      const answer = await house.get(path, owner);
      const { error } = (await answer.json()) as { error: { code: string } };
      expect([path, answer.status, error.code]).toEqual([path, 503, 'UNAVAILABLE']);
      expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0);
    }
    expect(house.service.readiness().ready).toBe(false);
  });

  it('reads work as soon as the tables are there, without a restart', async () => {
    await migrateReadTables(house.postgres.url);
    for (const path of READS.slice(0, 3)) expect((await house.get(path, owner)).status).toBe(200);
    while (!house.service.readiness().ready) await sleep(20);
  });
});
