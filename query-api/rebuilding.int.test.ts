import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ErrorBody } from '../schemas/errors/error-codes.ts';
import { projectInto } from '../tests/harness/projected-jobs.ts';
import { startQueryInstallation, type QueryInstallation } from '../tests/harness/query-installation.ts';

const LISTS = ['/api/jobs', '/api/jobs/metrics', '/api/ops/jobs'];

let installation: QueryInstallation;
let owner: string;
beforeAll(async () => {
  installation = await startQueryInstallation({ withLog: false });
  owner = installation.newOwner();
  await projectInto(installation.store).write([
    { jobId: randomUUID(), owner, filename: 'of-the-log-before.pdf' },
  ]);
}, 60_000);
afterAll(() => installation.stop());

async function rebuilding(since: 'now()' | 'null'): Promise<void> {
  await installation.store.query(
    `update docket.projections set rebuilding_since = ${since} where name = 'jobs'`,
    [],
  );
}

describe('while the tables are built again from another log', () => {
  it('every list answers 503 with Retry-After and the reason, and shows again when they are whole', async () => {
    await rebuilding('now()');
    for (const path of LISTS) {
      const answer = await installation.get(path, owner);
      const text = await answer.text();
      const { error } = JSON.parse(text) as ErrorBody;
      expect([path, answer.status, error.code]).toEqual([path, 503, 'UNAVAILABLE']);
      expect(error.message).toContain('The log was replaced by another or an older one');
      expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0);
      expect(text).not.toContain('of-the-log-before');
    }
    await rebuilding('null');
    for (const path of LISTS)
      expect([path, (await installation.get(path, owner)).status]).toEqual([path, 200]);
    expect(await (await installation.get('/api/jobs', owner)).text()).toContain('of-the-log-before');
  });
});
