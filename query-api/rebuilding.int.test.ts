import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ErrorBody } from '../schemas/error-codes.ts';
import { projectInto } from '../tests/harness/projected-jobs.ts';
import { startQueryHouse, type QueryHouse } from '../tests/harness/query-house.ts';

const LISTS = ['/api/jobs', '/api/jobs/metrics', '/api/ops/jobs'];

let house: QueryHouse;
let owner: string;
beforeAll(async () => {
  house = await startQueryHouse({ withLog: false });
  owner = house.newOwner();
  await projectInto(house.store).write([{ jobId: randomUUID(), owner, filename: 'of-the-log-before.pdf' }]);
}, 60_000);
afterAll(() => house.stop());

async function rebuilding(since: 'now()' | 'null'): Promise<void> {
  await house.store.query(
    `update docket.projections set rebuilding_since = ${since} where name = 'jobs'`,
    [],
  );
}

describe('while the tables are built again from another log', () => {
  it('every list answers 503 with Retry-After and the reason, and shows again when they are whole', async () => {
    await rebuilding('now()');
    for (const path of LISTS) {
      const answer = await house.get(path, owner);
      const text = await answer.text();
      const { error } = JSON.parse(text) as ErrorBody;
      expect([path, answer.status, error.code]).toEqual([path, 503, 'UNAVAILABLE']);
      expect(error.message).toContain('The log was replaced by another or an older one');
      expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0);
      expect(text).not.toContain('of-the-log-before');
    }
    await rebuilding('null');
    for (const path of LISTS) expect([path, (await house.get(path, owner)).status]).toEqual([path, 200]);
    expect(await (await house.get('/api/jobs', owner)).text()).toContain('of-the-log-before');
  });
});
