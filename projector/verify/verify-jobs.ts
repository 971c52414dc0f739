import { isDeepStrictEqual } from 'node:util';
import { evolve } from '../../conversion-job/evolve.ts';
import { ABSENT, type Job } from '../../conversion-job/job.ts';
import type { Queryable } from '../../read-store/pool.ts';
import { readCheckpoint } from '../../read-store/projection-engine/checkpoint.ts';
import { understandEvent } from '../../schemas/events/event-versions.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { jobIdOfStream, jobStream } from '../../schemas/events/streams.ts';
import { jobsTable } from '../../read-tables/jobs/jobs-table.ts';
import {
  differingTable,
  noRelatedRows,
  rowsAfter,
  RELATED_ROWS,
  relatedRowsIn,
  ROWS_WITHOUT_A_JOB,
  type RelatedRows,
} from '../../read-tables/jobs/related-rows.ts';
import { JOBS_TARGET } from '../targets.ts';
import {
  DIFFERENCES_MAX,
  inParallel,
  tellProgress,
  type Difference,
  type Verified,
  type VerifyOptions,
} from './verified.ts';

/** Number of jobs held in memory at a time. */
const PAGE_JOBS = 500;
const LOWEST_UUID = '00000000-0000-0000-0000-000000000000';

/**
 * Compares the read tables with the fold of the log (promise 4) while both continue. It compares every row with the
 * fold of its stream up to the row's revision, including the job's rows of `job_artifacts` and `job_invoices`. It
 * also looks up the rows of every stream up to the checkpoint. Memory does not grow with the number of jobs. Jobs in
 * quarantine are reported as differences, because their rows are not right.
 * @throws LogUnavailable, ReadStoreUnavailable, the signal's reason
 */
export async function verifyJobs(options: VerifyOptions): Promise<Verified> {
  const checkpoint = (await readCheckpoint(options.store, JOBS_TARGET)) ?? -1n;
  const differences: Difference[] = [];
  const isFull = () => differences.length >= (options.differencesMax ?? DIFFERENCES_MAX);
  const { folded } = options;
  const withRow = new Set<string>();
  let jobs = 0;
  for await (const page of pagesOfRows(options.store)) {
    if (isFull()) break;
    jobs += page.length;
    tellProgress(options, jobs);
    if (folded) for (const { job_id: jobId } of page) withRow.add(jobId);
    const found = await inParallel(page, (record) => compareRow(options, record, checkpoint));
    differences.push(...found.filter((difference) => difference !== null));
  }
  const uploads = folded
    ? uploadsAmong(
        options.log,
        checkpoint,
        [...folded.keys()].filter((jobId) => !withRow.has(jobId)),
      )
    : pagesOfUploads(options.log, checkpoint);
  for await (const page of uploads) {
    if (isFull()) break;
    differences.push(...(await withoutRow(options.store, page)));
  }
  if (!isFull()) differences.push(...(await rowsWithoutAJob(options, differences)));
  return {
    checked: jobs,
    differences: differences.slice(0, options.differencesMax ?? DIFFERENCES_MAX),
    position: checkpoint,
  };
}

type StoredRow = Readonly<Record<string, unknown>> & { readonly job_id: string; readonly timeline: string };

async function* pagesOfRows(store: Queryable): AsyncGenerator<readonly StoredRow[]> {
  for (let after = LOWEST_UUID; ;) {
    const { rows } = await store.query<StoredRow>(
      `select jobs.*, (select count(*) from docket.job_events
                       where job_id = jobs.job_id and revision <= jobs.revision) as timeline, ${RELATED_ROWS}
       from docket.jobs where job_id > $1 order by job_id limit ${PAGE_JOBS}`,
      [after],
    );
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    after = last.job_id;
  }
}

async function compareRow(
  { log, folded, relatedRows }: VerifyOptions,
  record: StoredRow,
  checkpoint: bigint,
): Promise<Difference | null> {
  const jobId = record.job_id;
  const { job: found, revision } = jobsTable.rowOf(record);
  const foundRelated = relatedRowsIn(record);
  const toldRelated = relatedRows?.get(jobId);
  const isAsTold = isDeepStrictEqual(folded?.get(jobId), found) && toldRelated !== undefined;
  if (isAsTold && BigInt(record.timeline) === revision + 1n && !differingTable(toldRelated, foundRelated))
    return null;
  let expected: Job = ABSENT;
  let expectedRelated: RelatedRows = noRelatedRows();
  let behind: bigint | null = null;
  for await (const event of log.readStream(jobStream(jobId)))
    if (event.revision <= revision) {
      const before = expected;
      const understood = understandEvent(event) as JobEvent;
      expected = evolve(before, understood, event.revision);
      const step = { event: understood, recorded: event };
      expectedRelated = rowsAfter(expectedRelated, step, { before, after: expected });
    } else if (event.position > 0n && event.position <= checkpoint) behind = event.revision;
    else break;

  if (expected.state === 'absent')
    return { subject: jobId, kind: 'row without a job', expected: null, found };
  if (!isDeepStrictEqual(expected, found)) return { subject: jobId, kind: 'row differs', expected, found };
  if (behind !== null) return { subject: jobId, kind: 'row is behind', expected: behind, found: revision };
  const timeline = BigInt(record.timeline);
  if (timeline !== revision + 1n)
    return { subject: jobId, kind: 'timeline differs', expected: revision + 1n, found: timeline };
  const other = differingTable(expectedRelated, foundRelated);
  if (other === null) return null;
  const { table, expected: wanted, found: stored } = other;
  return { subject: jobId, kind: `rows of ${table} differ`, expected: wanted, found: stored };
}

/** Finds jobs by their first event, in pages, up to the checkpoint of the tables. */
async function* pagesOfUploads(
  log: VerifyOptions['log'],
  checkpoint: bigint,
): AsyncGenerator<readonly string[]> {
  let page = new Set<string>();
  for await (const event of log.readAll('start', { eventTypePrefixes: ['DocumentUploaded'] })) {
    if (event.position > checkpoint) break;
    const jobId = jobIdOfStream(event.stream);
    if (jobId !== null && event.revision === 0n) page.add(jobId);
    if (page.size < PAGE_JOBS) continue;
    yield [...page];
    page = new Set();
  }
  yield [...page];
}

/** Takes jobs without a row, in pages, and yields the jobs that the tables should have by now. */
async function* uploadsAmong(
  log: VerifyOptions['log'],
  checkpoint: bigint,
  jobIds: Iterable<string>,
): AsyncGenerator<readonly string[]> {
  for (const jobId of jobIds)
    for await (const { position } of log.readStream(jobStream(jobId))) {
      if (position <= checkpoint) yield [jobId];
      break;
    }
}

/** Finds jobs that have rows for files or invoices but no row in `jobs`, except jobs that are already reported. */
async function rowsWithoutAJob(
  { store, differencesMax = DIFFERENCES_MAX }: VerifyOptions,
  told: readonly Difference[],
): Promise<Difference[]> {
  const { rows } = await store.query<{ job_id: string }>(ROWS_WITHOUT_A_JOB, [differencesMax + told.length]);
  const known = new Set(told.map(({ subject }) => subject));
  return rows
    .filter(({ job_id: jobId }) => !known.has(jobId))
    .map(({ job_id: jobId }) => ({
      subject: jobId,
      kind: 'row without a job',
      expected: null,
      found: jobId,
    }));
}

async function withoutRow(store: Queryable, jobIds: readonly string[]): Promise<Difference[]> {
  const { rows } = await store.query<{ job_id: string }>(
    `select wanted as job_id from unnest($1::text[]) as wanted
     where not exists (select from docket.jobs where job_id = wanted::uuid)`,
    [jobIds],
  );
  return rows.map(({ job_id: jobId }) => ({
    subject: jobId,
    kind: 'job without a row',
    expected: jobId,
    found: null,
  }));
}
