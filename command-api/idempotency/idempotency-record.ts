import {
  IDEMPOTENCY_EVENT_SCHEMAS,
  type IdempotencyEvent,
  type RequestAnswered,
  type RequestClaimed,
} from '../../schemas/events/idempotency-events.ts';
import { IDEMPOTENCY_STREAM_PREFIX } from '../../schemas/events/streams.ts';
import { sha256Of } from '../../schemas/sha256.ts';

/** The time for which an answer is kept. Stripe keeps answers equally long. The value is the stream's $maxAge. */
export const IDEMPOTENCY_MAX_AGE_SEC = 24 * 3600;

/** The state of one key. */
export type IdempotencyRecord =
  | { readonly state: 'free' }
  | ({ readonly state: 'claimed' } & RequestClaimed)
  | ({ readonly state: 'answered' } & RequestAnswered);

/** The action for a request with a key. */
export type KeyVerdict = 'carry-out' | 'take-over' | 'replay' | 'wait' | 'mismatch';

/** The form of a key: printable ASCII, 1 to 255 characters, as at Stripe. */
const KEY = /^[\x21-\x7e]{1,255}$/;

export function isIdempotencyKey(text: string): boolean {
  return KEY.test(text);
}

/** The stream of one owner's key. The same key of another owner has another stream. */
export function idempotencyStream(owner: string, key: string): string {
  const name = sha256Of(JSON.stringify([owner, key]));
  return `${IDEMPOTENCY_STREAM_PREFIX}${name}`;
}

/** Returns the SHA-256 of the values in which two equal requests agree. */
export function fingerprintOf(...parts: readonly unknown[]): string {
  return sha256Of(JSON.stringify(parts));
}

/** Reads one event of the stream; null for a shape that this build does not know. */
export function understandRecord(recorded: { type: string; data: unknown }): IdempotencyEvent | null {
  if (!Object.hasOwn(IDEMPOTENCY_EVENT_SCHEMAS, recorded.type)) return null;
  const type = recorded.type as IdempotencyEvent['type'];
  const parsed = IDEMPOTENCY_EVENT_SCHEMAS[type].safeParse(recorded.data);
  return parsed.success ? ({ type, data: parsed.data } as IdempotencyEvent) : null;
}

/** Folds one event. An answer is final, and a release frees only its own claim. */
export function evolveRecord(record: IdempotencyRecord, event: IdempotencyEvent): IdempotencyRecord {
  switch (event.type) {
    case 'RequestClaimed':
      return record.state === 'answered' ? record : { state: 'claimed', ...event.data };
    case 'RequestAnswered':
      return record.state === 'answered' ? record : { state: 'answered', ...event.data };
    case 'RequestReleased':
      return record.state === 'claimed' && record.claimId === event.data.claimId ? { state: 'free' } : record;
    default:
      return event satisfies never;
  }
}

/**
 * Decides what happens to a request. An open claim of the same process belongs to a failed request, because running
 * requests are tracked in memory. A claim of another process is valid until its time limit.
 */
export function judgeKey(
  record: IdempotencyRecord,
  request: { fingerprint: string; claimant: string; nowMs: number },
): KeyVerdict {
  if (record.state === 'free') return 'carry-out';
  if (record.fingerprint !== request.fingerprint) return 'mismatch';
  if (record.state === 'answered') return 'replay';
  const isOver = Date.parse(record.until) <= request.nowMs;
  return isOver || record.claimant === request.claimant ? 'take-over' : 'wait';
}
