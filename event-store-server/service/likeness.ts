/**
 * With `--like-eventstoredb`, for tests, this store behaves as EventStoreDB does where it would otherwise do better.
 * What works against this mode works against that server.
 */
import { status } from '@grpc/grpc-js';
import type { LogIndex } from '../storage/log-index.ts';
import type { Log } from '../storage/open-log.ts';
import type { WriteRequest } from '../storage/write-request.ts';
import type { ReadFrom } from '../../event-store/wire/read-request.ts';
import { refusal, refuseRead, type Refusal } from './refusal.ts';

export interface Likeness {
  /** Each append waits so long before it is looked at, so that tests can meet it in flight; milliseconds. */
  readonly holdAppendsMs: number;
  /** For so long after it listens the store says that it is not ready; milliseconds. */
  readonly notReadyMs: number;
}

/**
 * Events a live subscription may be behind: EventStoreDB keeps 32 for it, and 32 more that are on their way to the
 * client. One more, and the subscription is ended.
 */
export const LIVE_BUFFER_EVENTS = 64;
/** Of those, what the client still gets before the end. */
export const SENT_BEFORE_END_EVENTS = 32;

export const consumerTooSlow = (phase: 'live' | 'transitioning to live'): Refusal =>
  refusal(
    status.ABORTED,
    `Operation timed out: Consumer too slow to handle event while ${phase}. Client resubscription required.`,
  );

/** What the client makes of a stream that a stopping EventStoreDB resets without a status. */
export const STREAM_RESET: Refusal = refusal(status.INTERNAL, 'Received RST_STREAM with code 0');

export const NOT_READY = 'Server Is Not Ready';

/** A position inside the log at which no event begins, or whose parts contradict each other, cannot be read from. */
function isNoEvents(index: LogIndex, from: ReadFrom, head: number): boolean {
  if (from.kind !== 'at' || from.at === 0 || from.at > head) return false;
  return from.prepare > from.at || index.positionOf(index.ordinalAt(from.at)) !== from.at;
}

/** Why `$all` cannot be read, or subscribed to, from there; null when it can. */
export function positionFault(
  { index, head }: Log,
  from: ReadFrom,
  asker: 'read' | 'subscription',
): Refusal | null {
  if (!isNoEvents(index, from, head())) return null;
  return asker === 'subscription'
    ? refusal(status.UNKNOWN, 'Exception was thrown by handler.')
    : refuseRead('ReadAllResult');
}

/** The stream with an empty name: a second append to it ends EventStoreDB's process. */
const FATAL_STREAM = Buffer.from('$$');

const keyOf = ({ kind, stream, events }: WriteRequest): string | null => {
  const [first] = events;
  return kind === 'append' && first !== undefined ? `${stream.toString('latin1')}\n${first.id}` : null;
};

/**
 * Submits as EventStoreDB does: an append that is sent again while the first is in flight is dropped, and only its own
 * time-out answers it.
 *
 * @param end ends the process
 */
export function submitAsEventStoreDB(
  submit: Log['submit'],
  { holdAppendsMs }: Likeness,
  end: (why: Error) => void,
): Log['submit'] {
  const inFlight = new Set<string>();
  let fatalAppends = 0;
  return (request, bytes, answer) => {
    if (request.kind === 'append' && request.stream.equals(FATAL_STREAM)) fatalAppends += 1;
    if (fatalAppends > 1) {
      end(new Error('A second append to the stream "$$" ends the server, as it ends EventStoreDB.'));
      return;
    }
    const key = keyOf(request);
    if (key !== null && inFlight.has(key)) {
      setTimeout(() => answer({ kind: 'expired' }), Math.max(0, request.notAfterMs - Date.now())).unref();
      return;
    }
    if (key !== null) inFlight.add(key);
    const begin = (): void =>
      submit(request, bytes, (outcome) => {
        if (key !== null) inFlight.delete(key);
        answer(outcome);
      });
    if (holdAppendsMs > 0) setTimeout(begin, holdAppendsMs);
    else begin();
  };
}
