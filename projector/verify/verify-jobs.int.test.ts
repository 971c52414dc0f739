import { expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { verifyStreams } from '../../audit/verify-streams.ts';
import {
  appendHistories,
  caughtUp,
  log,
  start,
  store,
  useWorld,
} from '../../tests/harness/projector-world.ts';
import { verifyJobs } from './verify-jobs.ts';

useWorld();

/**
 * Verifies in two ways, which must report the same: reading every stream again, and using the folds of `docket verify
 * streams`.
 */
async function told(): Promise<[string, string][]> {
  // The histories contain unlawful outcomes of lost leases, which this test does not check.
  const { jobs: folded, relatedRows } = await verifyStreams({ log, faultsMax: 10_000 });
  const alone = await verifyJobs({ log, store });
  let streamsRead = 0;
  const counting = {
    readAll: log.readAll,
    readStream: (...asked: Parameters<typeof log.readStream>) => {
      streamsRead += 1;
      return log.readStream(...asked);
    },
  };
  const withFolds = await verifyJobs({ log: counting, store, folded, relatedRows });
  expect(withFolds).toEqual(alone);
  // The stream of a job with correct rows is not read again.
  expect(streamsRead).toBeLessThanOrEqual(alone.differences.length);
  return alone.differences.map(({ subject, kind }) => [subject, kind]);
}

it('verify names each job whose rows of job_artifacts or job_invoices were changed by hand', async () => {
  await start();
  await appendHistories(40, 91);
  await caughtUp();
  expect(await told()).toEqual([]);
  const jobOf = async (table: string) => {
    const { rows } = await store.query<{ job_id: string }>(
      `select job_id from docket.${table} order by job_id limit 1`,
    );
    return rows[0]!.job_id;
  };
  const file = await jobOf('job_artifacts');
  const invoice = await jobOf('job_invoices');
  const nobody = randomUUID();
  const acts: [statement: string, jobId: string, kind: string][] = [
    [
      'update jobs_v1.job_artifacts set bytes = bytes + 1 where job_id = $1',
      file,
      'rows of job_artifacts differ',
    ],
    [
      `update jobs_v1.job_artifacts set expired_at = now() where job_id = $1`,
      file,
      'rows of job_artifacts differ',
    ],
    ['delete from jobs_v1.job_artifacts where job_id = $1', file, 'rows of job_artifacts differ'],
    [
      `insert into jobs_v1.job_artifacts (job_id, kind, blob_key) values ($1, 'result', 'results/of nobody')`,
      file,
      'rows of job_artifacts differ',
    ],
    [
      `insert into jobs_v1.job_artifacts (job_id, kind, blob_key) values ($1, 'result', 'results/of nobody')`,
      nobody,
      'row without a job',
    ],
    [
      `update jobs_v1.job_invoices set number = 'F 1' where job_id = $1`,
      invoice,
      'rows of job_invoices differ',
    ],
    ['delete from jobs_v1.job_invoices where job_id = $1', invoice, 'rows of job_invoices differ'],
    [
      `insert into jobs_v1.job_invoices select (jsonb_populate_record(i, jsonb_build_object('job_id', $1::text))).*
       from jobs_v1.job_invoices i limit 1`,
      nobody,
      'row without a job',
    ],
  ];
  for (const [statement, jobId, kind] of acts) {
    await store.query('drop table if exists public.artifacts_before, public.invoices_before');
    await store.query('create table public.artifacts_before as select * from jobs_v1.job_artifacts');
    await store.query('create table public.invoices_before as select * from jobs_v1.job_invoices');
    await store.query(statement, [jobId]);
    expect({ statement, told: await told() }).toEqual({ statement, told: [[jobId, kind]] });
    await store.query('truncate jobs_v1.job_artifacts, jobs_v1.job_invoices');
    await store.query('insert into jobs_v1.job_artifacts select * from public.artifacts_before');
    await store.query('insert into jobs_v1.job_invoices select * from public.invoices_before');
  }
  expect(await told()).toEqual([]);
});
