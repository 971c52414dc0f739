import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { jobDecider, type JobDecider } from '../../conversion-job/decider.ts';
import { retryPolicyOf } from '../../conversion-job/retry-policy.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { handleCommand } from '../../event-store/handle-command.ts';
import type { ReadStore } from '../../read-store/pool.ts';
import { isoNow, systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log/log.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { JobFailureCode } from '../../schemas/errors/error-codes.ts';
import { JobId } from '../../schemas/ids.ts';
import { commandIdOf } from '../../schemas/name-based-ids.ts';
import type { JobCommand } from '../../schemas/job-commands.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { openLog, openTables, openBlobs } from '../open-stores.ts';
import { usage } from '../plain-failure.ts';
import { progressOn } from '../progress.ts';

/** Number of jobs that one query reads. The next constant is the number of commands that run at the same time. */
const PAGE_JOBS = 500;
const AT_ONCE = 8;
/** Most jobs that `list` shows. The command says when there are more. */
const LISTED_MAX = 1_000;

interface FailedJob {
  readonly job_id: string;
  readonly filename: string;
  readonly error_code: string;
  readonly error_reason: string | null;
  readonly error_message: string;
  readonly attempts: number;
  readonly updated_at: Date;
  readonly source_key: string | null;
}

interface Asked {
  readonly action: 'list' | 'retry' | 'discard';
  readonly code: string | null;
  readonly jobIds: readonly string[];
  readonly json: boolean;
}

/**
 * `docket failed list|retry|discard`: the failed jobs. The read table lists them; the job's own stream decides each
 * command.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const asked = understand(argv);
  const settings = loadSettings(process.env);
  const logger = createLog('docket', 'warn');
  const store = openTables(settings, logger);
  const log = openLog(settings, logger);
  try {
    if (asked.action === 'list') return await list(store, asked);
    const blobs = asked.action === 'discard' ? await openBlobs(settings, logger) : null;
    return await command(
      { log, store, blobs, decider: onlyFailed(jobDecider(retryPolicyOf(settings))) },
      asked,
    );
  } finally {
    await Promise.all([log.close(), store.close()]);
  }
}

/**
 * Reads the arguments.
 * @throws PlainFailure
 */
function understand(argv: readonly string[]): Asked {
  const [action, ...rest] = argv;
  if (action !== 'list' && action !== 'retry' && action !== 'discard')
    throw usage('Say what to do: docket failed list, retry or discard.');
  let code: string | null = null;
  const jobIds: string[] = [];
  for (let at = 0; at < rest.length; at += 1) {
    const argument = rest[at]!;
    if (argument === '--json') continue;
    if (argument === '--code') {
      const given = JobFailureCode.safeParse(rest[(at += 1)]);
      if (!given.success) throw usage(`--code is one of ${JobFailureCode.options.join(', ')}.`);
      code = given.data;
    } else if (JobId.safeParse(argument).success) jobIds.push(argument);
    else throw usage(`${JSON.stringify(argument)} is no job id.`);
  }
  if (action !== 'list' && (code === null) === (jobIds.length === 0))
    throw usage(`Name the jobs to ${action}, or all of a code with --code.`);
  return { action, code, jobIds, json: rest.includes('--json') };
}

/** A page of failed jobs after a job id. With `retryable`, only jobs whose PDF still exists. */
async function page(
  store: ReadStore,
  asked: Asked,
  after: string,
  retryable: boolean,
): Promise<readonly FailedJob[]> {
  const { rows } = await store.query<FailedJob>(
    `select job_id, filename, error_code, error_reason, error_message, attempts, updated_at, source_key
     from docket.jobs where state = 'failed' and job_id > $1 and ($2::text is null or error_code = $2)
       and (cardinality($3::uuid[]) = 0 or job_id = any($3::uuid[])) and (not $4 or source_key is not null)
     order by job_id limit ${PAGE_JOBS}`,
    [after, asked.code, asked.jobIds, retryable],
  );
  return rows;
}

async function* pages(
  store: ReadStore,
  asked: Asked,
  { retryable }: { readonly retryable: boolean },
): AsyncGenerator<readonly FailedJob[]> {
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const rows = await page(store, asked, after, retryable);
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE_JOBS) return;
    after = rows.at(-1)!.job_id;
  }
}

async function list(store: ReadStore, asked: Asked): Promise<number> {
  const found: FailedJob[] = [];
  let isMore = false;
  for await (const rows of pages(store, asked, { retryable: false })) {
    found.push(...rows);
    isMore = found.length > LISTED_MAX;
    if (isMore) break;
  }
  const jobs = found.slice(0, LISTED_MAX).map((row) => ({
    jobId: row.job_id,
    filename: row.filename,
    code: row.error_code,
    reason: row.error_reason,
    message: row.error_message,
    attempts: row.attempts,
    failedAt: row.updated_at.toISOString(),
    canBeRetried: row.source_key !== null,
  }));
  if (asked.json) console.log(JSON.stringify({ jobs, more: isMore }, null, 2));
  else {
    for (const job of jobs) {
      const why = job.reason === null ? job.code : `${job.code} ${job.reason}`;
      const gone = job.canBeRetried ? '' : '  (its PDF is removed)';
      console.log(
        `${job.jobId}  ${job.failedAt}  ${why}  ${job.attempts} attempts  ${visible(job.filename)}${gone}`,
      );
    }
    console.log(isMore ? `The first ${LISTED_MAX}; there are more.` : `${jobs.length} failed jobs.`);
  }
  return 0;
}

interface CommandParts {
  readonly log: EventLog;
  readonly store: ReadStore;
  readonly blobs: BlobStore | null;
  readonly decider: JobDecider;
}

/**
 * Runs the command for each job.
 * @returns exit code 1 when one was refused, otherwise 0
 */
async function command(parts: CommandParts, asked: Asked): Promise<number> {
  const limit = pLimit(AT_ONCE);
  const batchId = randomUUID();
  const refused: { jobId: string; rule: string }[] = [];
  const progress = progressOn(process.stderr, `Jobs to ${asked.action}:`);
  let done = 0;
  const one = async (jobId: string): Promise<void> => {
    const rule = await commandOne(parts, asked, jobId, batchId);
    if (rule === null) done += 1;
    else refused.push({ jobId, rule });
    progress.show(done + refused.length, asked.jobIds.length || null);
  };
  const all = (jobIds: readonly string[]) => Promise.all(jobIds.map((jobId) => limit(() => one(jobId))));
  if (asked.jobIds.length > 0) await all(asked.jobIds);
  else
    for await (const rows of pages(parts.store, asked, { retryable: true }))
      await all(rows.map((row) => row.job_id));
  progress.end();
  if (asked.json) console.log(JSON.stringify({ action: asked.action, done, refused }, null, 2));
  else {
    for (const { jobId, rule } of refused) console.log(`${jobId}: ${rule}`);
    const what = asked.action === 'retry' ? 'queued again' : 'discarded: their PDFs are removed';
    console.log(`${done} jobs ${what}${refused.length > 0 ? `; ${refused.length} refused` : ''}.`);
  }
  return refused.length > 0 ? 1 : 0;
}

/**
 * Runs the command for one job: appends the event, then deletes. Cleanup finishes the deletion after a crash.
 * @returns null when done, otherwise the rule that refuses it
 */
async function commandOne(
  { log, blobs, decider }: CommandParts,
  { action }: Asked,
  jobId: string,
  batchId: string,
): Promise<string | null> {
  const at = isoNow(systemClock);
  const asked: JobCommand =
    action === 'retry'
      ? { type: 'RetryConversion', at, priority: 0 }
      : { type: 'ExpireSource', at, cause: 'discard' };
  const commandId = commandIdOf('failed', action, batchId, jobId);
  const context = { commandId, correlationId: batchId, actor: 'operator' };
  const handled = await handleCommand(log, decider, jobStream(jobId), asked, context);
  if (handled.outcome === 'refused') return handled.refusal.rule;
  for (const event of handled.events)
    if (event.type === 'SourceExpired') await blobs?.remove(event.data.blobKey);
  return null;
}

/** These commands change only failed jobs. A job that is no longer failed is not changed. */
function onlyFailed(decider: JobDecider): JobDecider {
  return {
    ...decider,
    decide: (asked, job) =>
      job.state === 'absent' || job.state === 'failed'
        ? decider.decide(asked, job)
        : {
            refused: {
              code: 'CONFLICT',
              rule: `Only a failed job can be retried or discarded; this one is ${job.state}.`,
            },
          },
  };
}

/** Replaces control characters in a file name, which must not reach the terminal (A-FN09). */
function visible(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\u{fffd}');
}
