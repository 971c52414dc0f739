import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import pLimit from 'p-limit';
import { z } from 'zod';
import type { JobDecider } from '../../conversion-job/decider.ts';
import { StreamMovedOn } from '../../event-store/errors.ts';
import { handleCommand, type CommandContext } from '../../event-store/handle-command.ts';
import { isoNow } from '../../runtime/clock.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { requestIdOf } from '../../runtime/http/app.ts';
import { CodedError } from '../../schemas/errors/coded-error.ts';
import { BatchCommand } from '../../schemas/protocols/http-api.ts';
import { JobId } from '../../schemas/ids.ts';
import { commandIdOf } from '../../schemas/name-based-ids.ts';
import type { JobCommand } from '../../schemas/job-commands.ts';
import type { JobStateName } from '../../schemas/job-states.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { onlyFailed, type CommandActor } from './command-actor.ts';
import { errorBody } from '../early-answer.ts';
import type { Answer, KeyedRequest } from '../idempotency/idempotency.ts';
import { fingerprintOf } from '../idempotency/idempotency-record.ts';
import { hasBody, readJson } from './json-body.ts';
import { holdingKey, keyedRequestOf, REPLAYED_HEADER } from '../idempotency/keyed-request.ts';
import type { WriteSide } from '../write-side.ts';

/** `discard` ends a failed job and removes its PDF. Only operators may discard a job, because nobody can undo that. */
export type CommandName = 'retry' | 'cancel' | 'discard';
/** Finds the actor of a command in the response, where the identity middleware stored it. */
export type ActorOf = (res: Response) => CommandActor;

const RETRY_PRIORITY = 0;
/** Number of jobs of one batch that are processed at the same time. */
const BATCH_AT_ONCE = 8;
const NoBody = z.strictObject({});

/** Restricts the decider in one pass of a request. */
type Guard = (decider: JobDecider) => JobDecider;
const unguarded: Guard = (decider) => decider;

/** The command would append an event, but this pass does not allow that. */
class WouldChange extends CodedError {
  readonly code = 'WOULD_CHANGE';

  constructor() {
    super('The command would change something.');
  }
}

/** Allows only refusals, and commands that change nothing. */
const changingNothing: Guard = (decider) => ({
  ...decider,
  decide: (asked, job) => {
    const decision = decider.decide(asked, job);
    if ('accepted' in decision && decision.accepted.length > 0) throw new WouldChange();
    return decision;
  },
});

/** One command of one request, for any job. */
interface Commanding {
  readonly side: WriteSide;
  readonly res: Response;
  readonly actor: CommandActor;
  readonly name: CommandName;
  readonly guard: Guard;
}

interface Commanded {
  readonly state: JobStateName;
  readonly position: bigint;
}

/** `POST .../:id/retry`, `.../:id/cancel` and `.../:id/discard`, also `DELETE /api/jobs/:id`. */
export function oneJobRoute(side: WriteSide, name: CommandName, actorOf: ActorOf): RequestHandler {
  return async (req, res) => {
    const actor = actorOf(res);
    const jobId = String(req.params['id']);
    // The id is checked first, so that a malformed id gets the same answer as an unknown id.
    if (!JobId.safeParse(jobId).success) throw new ApiError('NOT_FOUND');
    if (hasBody(req)) await readJson(req, NoBody);
    const fingerprint = fingerprintOf(purposeOf(name, actor), jobId);
    await answerOnce(side, { req, res, fingerprint }, async (seed, guard) => {
      const { state, position } = await command({ side, res, actor, name, guard }, jobId, seed);
      return {
        status: name === 'retry' ? 202 : 200,
        body: { position: position.toString(), jobId, state },
      };
    });
  };
}

/**
 * `POST .../retry`, `.../cancel` and `.../discard` of many jobs. Each job is handled on its own, and one answer lists
 * all results.
 */
export function batchRoute(side: WriteSide, name: CommandName, actorOf: ActorOf): RequestHandler {
  return async (req, res) => {
    const actor = actorOf(res);
    const jobIds = [...new Set((await readJson(req, BatchCommand)).jobIds)];
    const fingerprint = fingerprintOf(`${purposeOf(name, actor)} batch`, jobIds);
    await answerOnce(side, { req, res, fingerprint }, async (seed, guard) => {
      const limit = pLimit(BATCH_AT_ONCE);
      let highest = 0n;
      let passing: ApiError | null = null;
      const one = async (jobId: JobId) => {
        try {
          const { state, position } = await command({ side, res, actor, name, guard }, jobId, seed);
          if (position > highest) highest = position;
          return { jobId, state };
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          if (error.retryable) passing = error;
          return { jobId, error: { code: error.code, message: error.message } };
        }
      };
      const results = await Promise.all(jobIds.map((jobId) => limit(() => one(jobId))));
      if (passing && results.every((result) => 'error' in result)) throw passing as ApiError;
      return { status: 200, body: { position: highest.toString(), results }, keep: passing === null };
    });
  };
}

/**
 * Handles one command on one job. Files are removed after their event; cleanup finishes after a crash.
 * @throws ApiError NOT_FOUND for an unknown job and for another owner's job, CONFLICT, EXPIRED, UNAVAILABLE
 */
async function command(
  { side, res, actor, name, guard }: Commanding,
  jobId: JobId,
  seed: string,
): Promise<Commanded> {
  const context: CommandContext = {
    commandId: commandIdOf(name, seed, jobId),
    correlationId: requestIdOf(res),
    actor: actor.name,
  };
  try {
    const handled = await handleCommand(
      side.log,
      guard(actor.decider(name === 'discard' ? onlyFailed(side.decider) : side.decider)),
      jobStream(jobId),
      commandOf(name, actor, isoNow(side.clock)),
      context,
    );
    side.metrics.commands.inc({ command: name, outcome: handled.outcome });
    if (handled.outcome === 'refused') throw refusal(handled.refusal, jobId);
    if (handled.state.state === 'absent') throw new ApiError('NOT_FOUND');
    for (const event of handled.events) {
      if (event.type !== 'SourceExpired') continue;
      await side.blobs
        .remove(event.data.blobKey)
        .catch((error: unknown) => side.logger.warn({ err: error, jobId }, 'a PDF is left for cleanup'));
    }
    return { state: handled.state.state, position: handled.position };
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== 'LOG_UNAVAILABLE' && !(error instanceof StreamMovedOn)) throw error;
    throw new ApiError('UNAVAILABLE', undefined, { cause: error });
  }
}

function commandOf(name: CommandName, { by }: CommandActor, at: string): JobCommand {
  switch (name) {
    case 'retry':
      return { type: 'RetryConversion', at, priority: RETRY_PRIORITY };
    case 'cancel':
      return { type: 'CancelConversion', at, by };
    case 'discard':
      return { type: 'ExpireSource', at, cause: 'discard' };
    default:
      return name satisfies never;
  }
}

/** The purpose of an idempotency key. An operator's command has another purpose than the same command of an owner. */
function purposeOf(name: CommandName, { by }: CommandActor): string {
  return by === 'operator' ? `operator's ${name}` : name;
}

function refusal({ code, rule }: { code: string; rule: string }, jobId: JobId): ApiError {
  if (code === 'NOT_FOUND') return new ApiError('NOT_FOUND');
  if (code === 'EXPIRED') return new ApiError('EXPIRED', rule, { jobId });
  return new ApiError('CONFLICT', rule, { jobId });
}

/** Executes the command, once for each idempotency key, and answers. A refusal by the job is an answer as well. */
async function answerOnce(
  side: WriteSide,
  { req, res, fingerprint }: { readonly req: Request; readonly res: Response; readonly fingerprint: string },
  carryOut: (seed: string, guard: Guard) => Promise<Answer & { keep?: boolean }>,
): Promise<void> {
  const keyed = keyedRequestOf(req, res);
  const answered = async (seed: string, guard = unguarded): Promise<{ answer: Answer; keep: boolean }> => {
    try {
      const { keep = true, ...answer } = await carryOut(seed, guard);
      return { answer, keep };
    } catch (error) {
      if (!(error instanceof ApiError) || error.status >= 500) throw error;
      return { answer: { status: error.status, body: { ...errorBody(res, error) } }, keep: true };
    }
  };
  const { answer, replayed } = await holdingKey(side.idempotency, keyed, async () => {
    if (!keyed) return { ...(await answered(randomUUID())), replayed: false };
    const unchanged = await withoutChange(side, keyed, () => answered(randomUUID(), changingNothing));
    return unchanged ?? side.idempotency.once({ ...keyed, fingerprint }, (seed: string) => answered(seed));
  });
  if (replayed) res.setHeader(REPLAYED_HEADER, 'true');
  res.setHeader('Cache-Control', 'no-store');
  res.status(answer.status).json(answer.body);
}

/**
 * Answers a request with a new key when the request changes nothing. Returns null when the request would change
 * something, or when the key is known.
 */
async function withoutChange(
  side: WriteSide,
  keyed: KeyedRequest,
  carryOut: () => Promise<{ answer: Answer }>,
): Promise<{ answer: Answer; replayed: false } | null> {
  if (await side.idempotency.isKnown(keyed)) return null;
  try {
    return { answer: (await carryOut()).answer, replayed: false };
  } catch (error) {
    if (error instanceof WouldChange) return null;
    throw error;
  }
}
