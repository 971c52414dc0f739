import type { ExistingJob } from '../../conversion-job/job.ts';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { LogUnavailable } from '../../event-store/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { crashPoint } from '../../runtime/crash-points.ts';
import type { Log } from '../../runtime/log/log.ts';
import { CodedError } from '../../schemas/errors/coded-error.ts';
import type { Settings } from '../../schemas/settings/config.ts';
import { commandIdOf } from '../../schemas/name-based-ids.ts';
import type { JobCommand } from '../../schemas/job-commands.ts';
import { AttemptTooLong, type ConversionResult, type Convert } from './converter.ts';
import { AttemptFailed } from '../gateway-call/gateway-failure.ts';
import type { HandledJob, JobCommands } from '../job-stream/job-commands.ts';
import type { LastAttempts } from './last-attempts.ts';
import type { ProcessorMetrics } from './processor-metrics.ts';
import type { KnownJob } from '../work-list/snapshot.ts';
import type { ClaimedItem, WorkList } from '../work-list/work-list.ts';
import { placementOf } from '../work-list/work-change.ts';

/**
 * Longest time in which an attempt retries its start while the log does not answer. This is well below the length of
 * the reservation on the list.
 */
const START_RETRIED_MS_MAX = 15_000;
/** Part of the lease that is reserved for recording the outcome. */
const OUTCOME_MARGIN_MS = 1_000;

/** The abort reason of a running attempt that another part of the processor has ended. `why` names the cause. */
export class AttemptCut extends CodedError {
  readonly code = 'ATTEMPT_CUT';
  readonly why: 'shutdown' | 'lease-lost';

  constructor(why: 'shutdown' | 'lease-lost') {
    super(why === 'shutdown' ? 'The processor is stopping.' : 'The attempt no longer holds its lease.');
    this.why = why;
  }
}

export interface AttemptParts {
  readonly workerId: string;
  readonly settings: Pick<Settings, 'WORKER_TIMEOUT_MS' | 'WORKER_LEASE_TTL_SEC'>;
  readonly commands: JobCommands;
  readonly lastAttempts: LastAttempts;
  readonly convert: Convert;
  readonly list: Pick<WorkList, 'correct'>;
  readonly blobs: Pick<BlobStore, 'remove'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly metrics: ProcessorMetrics;
  readonly logger: Log;
}

/** The lease of an attempt that has begun. */
interface Begun {
  readonly job: ExistingJob & { state: 'converting' };
  /** Hash of the `ConversionStarted`, to which the outcome is chained. */
  readonly hash: string | null;
  readonly correlationId: string;
  /** End of the lease less the margin, on the monotonic clock of this process. */
  readonly leaseUntilMs: number;
}

/**
 * Runs one attempt at one job, from the claim to its outcome in the log.
 *
 * @param cut ends the attempt early; its reason is an `AttemptCut`
 * @param onBegun receives the fencing token as soon as the lease is in the log
 * @throws LogUnavailable when the log did not answer, and the sweeper later ends the lease; ReadStoreUnavailable
 */
export async function runAttempt(
  parts: AttemptParts,
  item: ClaimedItem,
  cut: AbortSignal,
  onBegun: (fencingToken: string) => void,
): Promise<void> {
  const known = item.known ?? (await knownByLook(parts, item.jobId));
  await parts.lastAttempts(known?.job, cut, () => attempt(parts, { ...item, known }, cut, onBegun));
}

async function attempt(
  parts: AttemptParts,
  item: ClaimedItem,
  cut: AbortSignal,
  onBegun: (fencingToken: string) => void,
): Promise<void> {
  const begun = await begin(parts, item);
  if (begun === null) return;
  onBegun(begun.job.fencingToken);
  crashPoint('after-lease-append', item.jobId);
  const startedMs = performance.now();
  const outcome = await outcomeOf(parts, begun, cut);
  const handled = outcome === null ? null : await record(parts, begun, outcome);
  const label = handled === null || handled.outcome === 'refused' ? 'lease-lost' : labelOf(outcome);
  parts.metrics.attempts.inc({ outcome: label });
  parts.metrics.attemptSeconds.observe({ outcome: label }, (performance.now() - startedMs) / 1000);
  if (label === 'lease-lost') await discardResult(parts, begun, outcome);
}

/**
 * Reads the stream of a job with an earlier attempt, because the row on the list does not hold such a job completely.
 * Null when the log does not answer, or when the stream has no chain.
 */
async function knownByLook({ commands }: AttemptParts, jobId: string): Promise<KnownJob | null> {
  try {
    const { job, hash } = await commands.look(jobId);
    return job.state === 'absent' || hash === null ? null : { job, hash };
  } catch (error) {
    // The same outage will stop the append of the start, which retries for longer than this read.
    if (error instanceof LogUnavailable) return null;
    throw error;
  }
}

/** Appends the claim to the log. When the stream refuses the claim, returns null and corrects the work list. */
async function begin(parts: AttemptParts, item: ClaimedItem): Promise<Begun | null> {
  const { clock, settings, workerId } = parts;
  const leaseMs = settings.WORKER_LEASE_TTL_SEC * 1000;
  const beforeMs = performance.now();
  // The list has decided, by its own clock, that the wait is over. A slow clock of this process must not refuse the
  // job.
  const now = Math.max(clock.now(), item.notBefore === null ? 0 : Date.parse(item.notBefore));
  const at = new Date(now).toISOString();
  const leaseUntil = new Date(now + leaseMs).toISOString();
  // Each claim gets its own command id. With an id for each revision, the store would accept the second claim of a row
  // that the list offered twice.
  const claim = parts.random().toString();
  const commandId = commandIdOf('start', item.jobId, item.revision.toString(), workerId, claim);
  crashPoint('before-lease', item.jobId);
  const command = { type: 'StartAttempt', at, workerId, leaseUntil } as const;
  const asked = { jobId: item.jobId, command, commandId, correlationId: commandId };
  const handled = await parts.commands.sendUntil(
    asked,
    beforeMs + START_RETRIED_MS_MAX,
    item.known ?? undefined,
  );
  const job = handled.state;
  if (handled.outcome === 'refused' || job.state !== 'converting' || job.workerId !== workerId) {
    const revision = job.state === 'absent' ? item.revision : job.revision;
    const placement = placementOf(job);
    await parts.list.correct([
      { jobId: item.jobId, revision, standing: null, placement, rowRevision: item.revision },
    ]);
    return null;
  }
  if (job.runs === 1 && job.attempts === 1)
    parts.metrics.dispatchSeconds.observe(Math.max(0, now - Date.parse(job.createdAt)) / 1000);
  return {
    job,
    hash: handled.hash,
    correlationId: commandId,
    leaseUntilMs: beforeMs + leaseMs - OUTCOME_MARGIN_MS,
  };
}

type Outcome =
  | { readonly kind: 'succeeded'; readonly conversion: ConversionResult }
  | { readonly kind: 'failed'; readonly failure: AttemptFailed }
  | { readonly kind: 'abandoned' };

/** Returns the outcome; null when the lease is lost, because in this case nobody waits for an outcome. */
async function outcomeOf(parts: AttemptParts, begun: Begun, cut: AbortSignal): Promise<Outcome | null> {
  const { job } = begun;
  // One controller for both reasons, because `AbortSignal.any` takes several times as long as the rest of this
  // function.
  const ending = new AbortController();
  const whenCut = (): void => ending.abort(cut.reason);
  if (cut.aborted) whenCut();
  cut.addEventListener('abort', whenCut, { once: true });
  const wallMs = Math.min(parts.settings.WORKER_TIMEOUT_MS, begun.leaseUntilMs - performance.now());
  const timer = setTimeout(() => ending.abort(new AttemptTooLong(wallMs)), Math.max(0, wallMs));
  try {
    if (job.sourceBlobKey === null)
      throw new AttemptFailed('IO_ERROR', 'The PDF of this job has been removed.');
    const task = {
      jobId: job.jobId,
      fencingToken: job.fencingToken,
      startHash: begun.hash,
      mapping: job.mapping,
      sourceBlobKey: job.sourceBlobKey,
      sourceSha256: job.sha256,
      sourceBytes: job.bytes,
    };
    const conversion = await parts.convert(task, ending.signal);
    return { kind: 'succeeded', conversion };
  } catch (error) {
    if (error instanceof AttemptCut) return error.why === 'shutdown' ? { kind: 'abandoned' } : null;
    if (error instanceof AttemptFailed) return { kind: 'failed', failure: error };
    // An unforeseen error is a defect of Docket. The attempt fails with IO_ERROR, which allows another attempt, and
    // the log line has the level of an error.
    parts.logger.error({ err: error, jobId: job.jobId }, 'an attempt failed with an unforeseen error');
    const failure = new AttemptFailed('IO_ERROR', 'The attempt failed inside Docket.', { cause: error });
    return { kind: 'failed', failure };
  } finally {
    clearTimeout(timer);
    cut.removeEventListener('abort', whenCut);
  }
}

async function record(parts: AttemptParts, begun: Begun, outcome: Outcome): Promise<HandledJob> {
  const { job, hash, correlationId, leaseUntilMs } = begun;
  const { jobId, fencingToken } = job;
  const command = commandOf(parts, outcome, fencingToken);
  if (outcome.kind === 'succeeded') crashPoint('before-ready-append', jobId);
  const commandId = commandIdOf(command.type, jobId, fencingToken);
  try {
    const asked = { jobId, command, commandId, correlationId };
    const handled = await parts.commands.sendUntil(
      asked,
      leaseUntilMs,
      hash === null ? undefined : { job, hash },
    );
    if (outcome.kind === 'succeeded') {
      crashPoint('after-ready-append', jobId);
      parts.metrics.gatewaySeconds.observe(outcome.conversion.gatewayMs / 1000);
    }
    return handled;
  } catch (error) {
    if (error instanceof LogUnavailable)
      parts.logger.warn(
        { err: error, jobId },
        'the outcome of an attempt could not be recorded before its lease ended',
      );
    throw error;
  }
}

function commandOf(parts: AttemptParts, outcome: Outcome, fencingToken: string): JobCommand {
  const at = new Date(parts.clock.now()).toISOString();
  switch (outcome.kind) {
    case 'succeeded':
      return { type: 'CompleteAttempt', at, fencingToken, ...outcome.conversion };
    case 'abandoned':
      return { type: 'AbandonAttempt', at, fencingToken, cause: 'shutdown' };
    case 'failed': {
      const { code, reason, message, retryable, retryAfterMs } = outcome.failure;
      const jitter = parts.random();
      return {
        type: 'ReportFailure',
        at,
        fencingToken,
        code,
        reason,
        message,
        final: !retryable,
        retryAfterMs,
        jitter,
      };
    }
    default:
      return outcome satisfies never;
  }
}

/** The event store certainly refused the outcome, so nobody can ever see the blob of this attempt (promise 3). */
async function discardResult(parts: AttemptParts, begun: Begun, outcome: Outcome | null): Promise<void> {
  const { jobId, fencingToken } = begun.job;
  parts.logger.info({ jobId, fencingToken }, 'an attempt lost its lease and changed nothing');
  if (outcome?.kind === 'succeeded') await parts.blobs.remove(outcome.conversion.result.blobKey);
}

function labelOf(outcome: Outcome | null): string {
  if (outcome === null) return 'lease-lost';
  return outcome.kind === 'failed' ? outcome.failure.code : outcome.kind;
}
