/**
 * The mode `--like-eventstoredb`, for tests: the store also imitates behaviour of EventStoreDB that makes work harder
 * for its clients. Code that works with this mode also works with EventStoreDB.
 */
import { status } from '@grpc/grpc-js';
import type { LogIndex } from '../storage/log-index.ts';
import type { Log } from '../storage/open-log.ts';
import type { WriteRequest } from '../storage/write-request.ts';
import type { ReadFrom } from '../../event-store/wire/read-request.ts';
import { refusal, refuseRead, type Refusal } from './refusal.ts';

export interface Likeness {
  /**
   * Milliseconds that each append waits before the store handles it, so that tests can act while the append is in
   * flight.
   */
  readonly holdAppendsMs: number;
  /** Milliseconds after the start of listening during which the store says that it is not ready. */
  readonly notReadyMs: number;
}

/**
 * The largest number of events that a live subscription may be behind. EventStoreDB keeps 32 events in a buffer, and
 * 32 more are on their way to the client. One more event ends the subscription.
 */
export const LIVE_BUFFER_EVENTS = 64;
/** The number of these events that the client still receives before the end. */
export const SENT_BEFORE_END_EVENTS = 32;

export const consumerTooSlow = (phase: 'live' | 'transitioning to live'): Refusal =>
  refusal(
    status.ABORTED,
    `Operation timed out: Consumer too slow to handle event while ${phase}. Client resubscription required.`,
  );

/** The error that the client reports when EventStoreDB stops and resets a stream without a status. */
export const STREAM_RESET: Refusal = refusal(status.INTERNAL, 'Received RST_STREAM with code 0');

export const NOT_READY = 'Server Is Not Ready';

/**
 * True for a position inside the log at which no event begins, or whose two parts contradict each other. EventStoreDB
 * cannot read from such a position.
 */
function isNoEvents(index: LogIndex, from: ReadFrom, head: number): boolean {
  if (from.kind !== 'at' || from.at === 0 || from.at > head) return false;
  return from.prepare > from.at || index.positionOf(index.ordinalAt(from.at)) !== from.at;
}

/** Why nobody can read `$all` from a position, or subscribe to it; null when reading is possible. */
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

/** The metadata stream of the stream with an empty name. A second append to it ends EventStoreDB's process. */
const FATAL_STREAM = Buffer.from('$$');

const keyOf = ({ kind, stream, events }: WriteRequest): string | null => {
  const [first] = events;
  return kind === 'append' && first !== undefined ? `${stream.toString('latin1')}\n${first.id}` : null;
};

/**
 * Submits as EventStoreDB does. It drops an append that a client sends again while the first is in flight; the second
 * append gets its answer at the time limit.
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
