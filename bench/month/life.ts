import { decide } from '../../conversion-job/decide.ts';
import { evolve } from '../../conversion-job/evolve.ts';
import { ABSENT, type Job } from '../../conversion-job/job.ts';
import type { RetryPolicy } from '../../conversion-job/retry-policy.ts';
import { chained } from '../../event-store/event-hash.ts';
import type { EventToAppend } from '../../event-store/event-log.ts';
import { sealed } from '../../event-store/handle-command.ts';
import { randomFrom, sha256From } from '../../tests/rooms/projector/job-histories.ts';
import { commandIdOf, jobIdOf } from '../../schemas/name-based-ids.ts';
import type { JobCommand } from '../../schemas/job-commands.ts';
import { jobStream } from '../../schemas/events/streams.ts';

/** The events that one command appended: chained events for the end of one stream. */
export interface Step {
  readonly atMs: number;
  readonly stream: string;
  /** Revision of the stream before the step; -1 when the stream did not exist. */
  readonly after: number;
  readonly events: readonly EventToAppend[];
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const POLICY: RetryPolicy = {
  maxAttempts: 3,
  backoffMs: 2 * SECOND,
  backoffMaxMs: MINUTE,
  jobTimeoutMs: 10 * MINUTE,
};
/** Number of owners. The busiest owner has about one job in seven. */
const OWNERS = 400;
const MAPPINGS = ['pt_simon_invoice_v1', 'eu_invoice_v1', 'text_layout_v1'].map((id) => ({ id, version: 1 }));
const SOURCE_KEPT_MS = 14 * DAY;
const RESULT_KEPT_MS = 20 * DAY;

/** Returns an owner's id in the form of a session's id, by number from 0 (the busiest) to 399. */
export const ownerOf = (number: number): string => `owner-${number}`.padEnd(22, 'x');

/**
 * Makes the life of one job of the month. The decider itself decides it; the same seed gives the same life. Of a
 * hundred jobs, the gateway refuses about four finally, eight need another attempt, two are cancelled, and sixty are
 * downloaded. Files are removed after 14 and 20 days. Some of the failed and expired jobs are requested again.
 */
export function lifeOf(seed: number, bornMs: number): readonly Step[] {
  const chances = chancesFrom(seed);
  const { random, chance, within } = chances;
  const owner = ownerOf(Math.floor(OWNERS * random() ** 3));
  const mapping = MAPPINGS[Math.floor(MAPPINGS.length * random() ** 2)]!;
  const sha256 = sha256From(random);
  const jobId = jobIdOf(owner, mapping, sha256);
  const { steps, say, job } = teller(jobId);
  let nowMs = bornMs;
  const at = (): string => new Date(nowMs).toISOString();
  const filename = `fatura ${seed} ${chance(0.1) ? '"nº" ção' : 'setembro'}.pdf`;
  const bytes = within(20_000, 900_000);
  const upload = (): void =>
    say(`owner:${owner}`, nowMs, {
      type: 'UploadDocument',
      at: at(),
      jobId,
      owner,
      filename,
      bytes,
      sha256,
      mapping,
      blobKey: `sources/${jobId}.pdf`,
      priority: chance(0.05) ? 5 : 0,
    });

  /** Runs attempts until the job is ready or failed. */
  const convert = (): void => {
    if (chance(0.02)) {
      nowMs += within(100, 3_000);
      return say(`owner:${owner}`, nowMs, { type: 'CancelConversion', at: at(), by: 'owner' });
    }
    const isRefused = chance(0.04);
    for (let state = job(); state.state === 'queued' || state.state === 'waiting'; state = job()) {
      nowMs = Math.max(
        nowMs + within(20, 2_000),
        state.state === 'waiting' ? Date.parse(state.notBefore) : 0,
      );
      const leaseUntil = new Date(nowMs + 90 * SECOND).toISOString();
      const actor = `processor:p${within(1, 4)}`;
      say(actor, nowMs, {
        type: 'StartAttempt',
        at: at(),
        workerId: `${actor.slice(10)}.worker`,
        leaseUntil,
      });
      const running = job();
      if (running.state !== 'converting') throw new Error(`an attempt was not started: ${running.state}`);
      const { fencingToken } = running;
      const gatewayMs = within(150, 2_500);
      nowMs += gatewayMs + within(5, 40);
      say(actor, nowMs, outcomeOf(chances, jobId, { at: at(), fencingToken, gatewayMs, isRefused }));
    }
  };
  upload();
  convert();
  const again = job();
  if (again.state === 'failed' && chance(0.3)) {
    nowMs += within(5 * MINUTE, 8 * HOUR);
    say('operator', nowMs, { type: 'RetryConversion', at: at(), priority: 0 });
    convert();
  }
  const endedMs = nowMs;
  for (let left = chance(0.6) ? 1 + Number(chance(0.2)) : 0; left > 0 && job().state === 'ready'; left -= 1) {
    nowMs += within(5 * SECOND, 6 * HOUR);
    say(`owner:${owner}`, nowMs, { type: 'RecordDownload', at: at(), bytes: 4_000 });
  }
  nowMs = endedMs + SOURCE_KEPT_MS + within(0, DAY);
  say('system', nowMs, { type: 'ExpireSource', at: at(), cause: 'age' });
  nowMs = endedMs + RESULT_KEPT_MS + within(0, DAY);
  if (job().state !== 'ready') return steps;
  say('system', nowMs, { type: 'ExpireResult', at: at(), cause: 'age' });
  if (!chance(0.05)) return steps;
  nowMs += within(HOUR, 5 * DAY);
  upload();
  convert();
  return steps;
}

/** Decides commands one after the other and collects the appended events. */
function teller(jobId: string) {
  const stream = jobStream(jobId);
  let job: Job = ABSENT;
  let end = { stream, revision: -1n, hash: null as string | null };
  const steps: Step[] = [];
  const say = (actor: string, atMs: number, command: JobCommand): void => {
    const decision = decide(command, job, POLICY);
    if ('refused' in decision) throw new Error(`${command.type} was refused: ${decision.refused.rule}`);
    if (decision.accepted.length === 0) return;
    const after = Number(end.revision);
    const commandId = commandIdOf('month', jobId, String(after));
    const context = { commandId, correlationId: commandId, actor };
    const links = chained(sealed(decision.accepted, context), end);
    steps.push({ atMs, stream, after, events: links.events });
    for (const event of decision.accepted) job = evolve(job, event, (end.revision += 1n));
    end = links.end;
  };
  return { steps, say, job: () => job };
}

interface Chances {
  /** Returns a random number from 0 to below 1. */
  readonly random: () => number;
  readonly chance: (probability: number) => boolean;
  /** Returns a random whole number from `from` to below `to`. */
  readonly within: (from: number, to: number) => number;
}

function chancesFrom(seed: number): Chances {
  const random = randomFrom(seed);
  return {
    random,
    chance: (probability) => random() < probability,
    within: (from, to) => Math.floor(from + random() * (to - from)),
  };
}

/** Draws the outcome of an attempt: abandoned, failed finally, failed with a retry, or complete. */
function outcomeOf(
  { random, chance, within }: Chances,
  jobId: string,
  attempt: { at: string; fencingToken: string; gatewayMs: number; isRefused: boolean },
): JobCommand {
  const { isRefused, gatewayMs, ...running } = attempt;
  const luck = random();
  if (luck < 0.01) return { type: 'AbandonAttempt', ...running, cause: 'lease-ended' };
  const failure = { type: 'ReportFailure', ...running, retryAfterMs: null, jitter: random() } as const;
  if (isRefused)
    return {
      ...failure,
      code: 'GW_4XX',
      reason: chance(0.5) ? 'PDF_ENCRYPTED' : 'MAPPING_MISMATCH',
      message: 'The gateway refused the document.',
      final: true,
    };
  if (luck < 0.08)
    return {
      ...failure,
      code: luck < 0.06 ? 'GW_5XX' : 'GW_TIMEOUT',
      reason: null,
      final: false,
      message: 'The gateway did not answer as it should.',
    };
  const blobKey = `results/${jobId}/${running.fencingToken}`;
  const result = {
    blobKey,
    sha256: sha256From(random),
    bytes: within(800, 9_000),
    mediaType: 'application/xml',
  };
  const warnings = chance(0.1) ? [{ code: 'ILLEGAL_CHARACTERS', message: 'One character was dropped.' }] : [];
  return { type: 'CompleteAttempt', ...running, result, pages: within(1, 6), gatewayMs, warnings };
}
