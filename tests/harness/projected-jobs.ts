import { randomUUID } from 'node:crypto';
import type { Queryable, ReadStore } from '../../read-store/pool.ts';
import type { JobStateName } from '../../schemas/job-states.ts';

/** A short form of a row of `docket.jobs`: the values that a test states. The other values are made up. */
export interface ProjectedJob {
  readonly jobId: string;
  readonly owner: string;
  readonly state?: JobStateName;
  readonly filename?: string;
  readonly createdAt?: string;
  readonly errorCode?: string;
  readonly mappingId?: string;
}

export interface Projection {
  /** Position of the last batch. */
  position(): bigint;
  /** Writes rows and the checkpoint in one transaction, as the projector does, then sends a notification. */
  write(jobs: readonly ProjectedJob[]): Promise<bigint>;
  /** Changes every row of an owner in one statement. */
  touchAll(owner: string): Promise<bigint>;
  /** Gives the tables another epoch, as after a rebuild or switch. */
  newEpoch(): Promise<void>;
}

/** Replaces the projector in tests that decide when rows change. */
export function projectInto(store: ReadStore): Projection {
  let position = 0n;
  let revision = 0;
  const commit = async (change: (within: Queryable) => Promise<void>): Promise<bigint> => {
    await store.transaction(async (within) => {
      await change(within);
      await within.query(
        `insert into docket.checkpoints (projection, version, commit_position, prepare_position)
           select name, version, $1, $1 from docket.projections where name = 'jobs' and is_current
         on conflict (projection, version) do update set commit_position = $1, prepare_position = $1`,
        [position.toString()],
      );
    });
    await store.query(`select pg_notify('docket_position', $1)`, [position.toString()]);
    return position;
  };
  return {
    position: () => position,
    write: (jobs) =>
      commit(async (within) => {
        for (const job of jobs) {
          position += 7n;
          revision += 1;
          await upsert(within, job, position, revision);
        }
      }),
    touchAll: (owner) =>
      commit(async (within) => {
        const { rowCount } = await within.query(
          `update jobs_v1.jobs set position = $2::bigint + n.at * 7, revision = revision + 1
             from (select job_id, row_number() over () as at from jobs_v1.jobs where owner = $1) n
            where jobs.job_id = n.job_id`,
          [owner, position.toString()],
        );
        position += 7n * BigInt(rowCount);
      }),
    newEpoch: async () => {
      await store.query(`update docket.projections set epoch = $1 where name = 'jobs'`, [randomUUID()]);
    },
  };
}

async function upsert(
  within: Queryable,
  job: ProjectedJob,
  position: bigint,
  revision: number,
): Promise<void> {
  const state = job.state ?? 'queued';
  const at = job.createdAt ?? '2026-10-01T12:00:00.000Z';
  const ready = state === 'ready';
  await within.query(
    `insert into jobs_v1.jobs (job_id, owner, filename, mapping_id, mapping_version, state, error_code, error_message,
       attempts, runs, bytes, sha256, pages, warnings, result_bytes, result_media_type, result_sha256, priority,
       created_at, updated_at, revision, position, charged_attempts, attempts_ever)
     values ($1, $2, $3, $4, 1, $5, $6, $7, 1, 1, 1000, $8, 1, '[]', $9, $10, $11, 0, $12, now(), $13, $14, 0, 1)
     on conflict (job_id) do update set state = $5, error_code = $6, error_message = $7, result_bytes = $9,
       result_media_type = $10, result_sha256 = $11, updated_at = now(), revision = $13, position = $14`,
    [
      job.jobId,
      job.owner,
      job.filename ?? 'fatura.pdf',
      job.mappingId ?? 'pt_simon_invoice_v1',
      state,
      job.errorCode ?? null,
      job.errorCode ? 'It failed.' : null,
      'a'.repeat(64),
      ready ? 99 : null,
      ready ? 'application/xml' : null,
      ready ? 'b'.repeat(64) : null,
      at,
      revision,
      position.toString(),
    ],
  );
}
