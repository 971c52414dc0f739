import { convertToCommandError } from '@eventstore/db-client';
import { bytesField, emptyField, forEachField, message, varintField } from '../wire/protobuf.ts';
import type { AllFilter } from '../event-log.ts';
import type { SubscribeToAll } from '../calls/follow-all.ts';
import { eventOfMessage } from './wire-event.ts';
import type { LeanConnection } from './lean-connection.ts';

/** Number of events that the server examines in one step, and of steps between two checkpoints. */
const SEARCH_WINDOW = 32;
const CHECKPOINT_INTERVAL = 32;
/** Tags of the fields of `ReadResp`, each a message: 1 event, 3 checkpoint, 8 caught up. */
const EVENT = (1 << 3) | 2;
const CHECKPOINT = (3 << 3) | 2;
const CAUGHT_UP = (8 << 3) | 2;

/**
 * Subscribes to `$all` over the lean transport. The consumer gets events, checkpoints and "caught up" in the order in
 * which they came. Each item waits until the consumer has finished the previous item.
 */
export const subscribeLean: SubscribeToAll<LeanConnection> = (connection, asked, stop) => {
  const call = connection.read(encodeSubscription(asked.after, asked.filter));
  let handling: Promise<void> | null = null;
  return new Promise<void>((resolve, reject) => {
    const end = (error?: Error): void => {
      stop.removeEventListener('abort', cancel);
      call.cancel();
      // If a handler still runs, the subscription waits for it before it ends.
      void Promise.resolve(handling)
        .catch(() => undefined)
        .then(() => (error === undefined ? resolve() : reject(error)));
    };
    const cancel = (): void => end();
    call.on('data', (bytes: Buffer) => {
      if (stop.aborted) return;
      try {
        const handled = handle(bytes, asked);
        if (handled === undefined) return;
        call.pause();
        handling = handled;
        handled.then(() => call.resume(), end);
      } catch (error) {
        end(error as Error);
      }
    });
    call.on('error', (error) => end(convertToCommandError(error)));
    call.on('end', () => end());
    stop.addEventListener('abort', cancel, { once: true });
    if (stop.aborted) cancel();
  });
};

type Asked = Parameters<typeof subscribeLean>[1];

function handle(bytes: Buffer, { onEvent, onCheckpoint, onCaughtUp }: Asked): Promise<void> | undefined {
  const handled = ((): void | Promise<void> => {
    switch (bytes[0]) {
      case EVENT: {
        const event = eventOfMessage(bytes);
        return event === null ? undefined : onEvent(event, bytes.length);
      }
      case CHECKPOINT:
        return onCheckpoint(checkpointOf(bytes));
      case CAUGHT_UP:
        return onCaughtUp();
      default:
        return undefined;
    }
  })();
  return handled instanceof Promise ? handled : undefined;
}

/** `Checkpoint`: 1 commit position. */
function checkpointOf(bytes: Buffer): bigint {
  let position = 0;
  forEachField(bytes, 0, bytes.length, (_field, _value, from, to) => {
    forEachField(bytes, from, to, (part, value) => {
      if (part === 1) position = value;
    });
  });
  return BigInt(position);
}

/**
 * Encodes `ReadReq` (streams.proto): 1 options. Options: 2 all (1 position or 2 start), 6 subscription, 7 filter, 9 ids
 * as text. Position: 1 commit, 2 prepare. Filter: 1 stream or 2 event type (2 prefix), 3 search window, 5 checkpoint
 * interval.
 */
function encodeSubscription(after: bigint | 'start', filter: AllFilter): Buffer {
  const from =
    after === 'start'
      ? emptyField(2)
      : bytesField(1, message(varintField(1, Number(after)), varintField(2, Number(after))));
  const [kind, prefixes] =
    'streamPrefixes' in filter ? [1, filter.streamPrefixes] : [2, filter.eventTypePrefixes];
  const wanted = bytesField(kind, message(...prefixes.map((prefix) => bytesField(2, prefix))));
  return bytesField(
    1,
    message(
      bytesField(2, from),
      emptyField(6),
      bytesField(7, message(wanted, varintField(3, SEARCH_WINDOW), varintField(5, CHECKPOINT_INTERVAL))),
      bytesField(9, emptyField(2)),
    ),
  );
}
