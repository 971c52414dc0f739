import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog, ExpectedRevision } from '../../event-store/event-log.ts';
import { StreamMovedOn } from '../../event-store/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import type { EventMetadata } from '../../schemas/events/event-metadata.ts';
import type { IdempotencyEvent } from '../../schemas/events/idempotency-events.ts';
import {
  evolveRecord,
  IDEMPOTENCY_MAX_AGE_SEC,
  idempotencyStream,
  judgeKey,
  understandRecord,
  type IdempotencyRecord,
} from './idempotency-record.ts';

/** The time for which a claim of another process is valid. After that, the process counts as dead. */
const CLAIM_MS = 5_000;
const ASK_AGAIN_MS = 150;
/** Longest wait for another process. It is longer than `claimMs`, so that the claim of a dead process ends first. */
const WAIT_MS_MAX = 8_000;

/** An answer in the form in which HTTP sends it. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** The value of `Retry-After`. Answers with that header are never kept. */
  readonly retryAfterSec?: number;
}

export interface KeyedRequest {
  readonly owner: string;
  readonly key: string;
  readonly correlationId: string;
}

interface Loaded {
  readonly record: IdempotencyRecord;
  readonly expected: ExpectedRevision;
}

export function createIdempotency(log: EventLog, clock: Clock) {
  const claimant = randomUUID();
  const held = new Set<string>();

  /** Claims the key. Returns null when another process was faster. */
  const claim = async (
    stream: string,
    request: KeyedRequest & { fingerprint: string },
    found: Loaded,
  ): Promise<{ claimId: string; expected: bigint } | null> => {
    const { fingerprint } = request;
    const claimId = found.record.state === 'claimed' ? found.record.claimId : randomUUID();
    const now = clock.now();
    const data = { v: 1 as const, at: iso(now), claimId, claimant, fingerprint, until: iso(now + CLAIM_MS) };
    const event: IdempotencyEvent = { type: 'RequestClaimed', data };
    // The stream's age limit is set first. Otherwise a crash after the first event would leave a stream that stays
    // for ever.
    if (found.expected === 'no_stream') await log.setMaxAge(stream, IDEMPOTENCY_MAX_AGE_SEC);
    let expected = found.expected;
    for (let tries = 1; tries <= 2; tries += 1)
      try {
        return { claimId, expected: await appendRecord(log, request, event, expected) };
      } catch (error) {
        if (!(error instanceof StreamMovedOn)) throw error;
        const isAgedOut = error.actual !== null && (await load(log, stream)).expected === 'no_stream';
        if (!isAgedOut || error.actual === null) return null;
        // The events have expired by age, but the stream continues with its revision.
        expected = error.actual;
      }

    return null;
  };

  const finish = async (
    request: KeyedRequest & { fingerprint: string },
    claimed: { claimId: string; expected: bigint },
    carried: { answer: Answer; keep: boolean },
  ): Promise<{ answer: Answer; replayed: boolean }> => {
    const { claimId } = claimed;
    const { fingerprint } = request;
    const at = iso(clock.now());
    const event: IdempotencyEvent = carried.keep
      ? { type: 'RequestAnswered', data: { v: 1, at, claimId, fingerprint, ...carried.answer } }
      : { type: 'RequestReleased', data: { v: 1, at, claimId } };
    try {
      await appendRecord(log, request, event, claimed.expected);
    } catch (error) {
      if (!(error instanceof StreamMovedOn)) throw error;
      const { record } = await load(log, idempotencyStream(request.owner, request.key));
      if (record.state === 'answered') return { answer: answerOf(record), replayed: true };
    }
    return { answer: carried.answer, replayed: false };
  };

  return {
    /**
     * Reserves the key for an arriving request. The returned function releases it.
     * @throws ApiError CONFLICT while this process already handles a request with the key
     */
    hold: ({ owner, key }: Pick<KeyedRequest, 'owner' | 'key'>) => {
      const name = idempotencyStream(owner, key);
      if (held.has(name)) throw new ApiError('CONFLICT', 'A request with this key is being carried out.');
      held.add(name);
      return () => held.delete(name);
    },
    /**
     * True when the log knows the key. A request that changes nothing stores no key, so nobody can grow the log by
     * sending keys.
     * @throws LogUnavailable
     */
    isKnown: async ({ owner, key }: Pick<KeyedRequest, 'owner' | 'key'>) =>
      (await load(log, idempotencyStream(owner, key))).record.state !== 'free',
    /**
     * Executes the request, or returns the first answer. `carryOut` gets a seed for command ids. After a crash it gets
     * the same seed, so that commands already executed are recognised. An answer with `keep` false is not stored. An
     * example is the answer to a request that was refused before anything was done.
     * @throws ApiError IDEMPOTENCY_MISMATCH, CONFLICT; LogUnavailable, after which the same request may be repeated
     */
    once: async (
      request: KeyedRequest & { readonly fingerprint: string },
      carryOut: (commandSeed: string) => Promise<{ answer: Answer; keep: boolean }>,
    ) => {
      const stream = idempotencyStream(request.owner, request.key);
      const giveUpAt = performance.now() + WAIT_MS_MAX;
      while (performance.now() < giveUpAt) {
        const found = await load(log, stream);
        const { record } = found;
        const { fingerprint } = request;
        const verdict = judgeKey(record, { fingerprint, claimant, nowMs: clock.now() });
        if (verdict === 'mismatch') throw new ApiError('IDEMPOTENCY_MISMATCH');
        if (record.state === 'answered') return { answer: answerOf(record), replayed: true };
        const claimed = verdict === 'wait' ? null : await claim(stream, request, found);
        if (claimed) return finish(request, claimed, await carryOut(claimed.claimId));
        await sleep(ASK_AGAIN_MS);
      }
      throw new ApiError('CONFLICT', 'A request with this key is being carried out.');
    },
  };
}

/** Executes requests with an `Idempotency-Key` once. */
export type Idempotency = ReturnType<typeof createIdempotency>;

const iso = (ms: number): string => new Date(ms).toISOString();

/**
 * Appends to the stream of the request's key.
 * @returns the revision of the event
 * @throws StreamMovedOn
 */
async function appendRecord(
  log: EventLog,
  request: KeyedRequest,
  event: IdempotencyEvent,
  expected: ExpectedRevision,
): Promise<bigint> {
  const metadata: EventMetadata = {
    correlationId: request.correlationId,
    causationId: request.correlationId,
    actor: `owner:${request.owner}`,
    schemaVersion: 1,
  };
  const sealed = { id: randomUUID(), type: event.type, data: event.data, metadata };
  const { revision } = await log.append(idempotencyStream(request.owner, request.key), [sealed], expected);
  return revision;
}

async function load(log: EventLog, stream: string): Promise<Loaded> {
  let record: IdempotencyRecord = { state: 'free' };
  let expected: ExpectedRevision = 'no_stream';
  for await (const recorded of log.readStream(stream)) {
    const event = understandRecord(recorded);
    if (event) record = evolveRecord(record, event);
    expected = recorded.revision;
  }
  return { record, expected };
}

function answerOf({ status, body }: Answer): Answer {
  return { status, body };
}
