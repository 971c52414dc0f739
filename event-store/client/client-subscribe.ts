import { eventTypeFilter, START, streamNameFilter, type AllStreamSubscription } from '@eventstore/db-client';
import type { AllFilter, RecordedEvent } from '../event-log.ts';
import type { SubscribeToAll } from '../calls/follow-all.ts';
import type { ClientConnection } from './client-connection.ts';
import { marksInOrder } from './marks-in-order.ts';
import { recordedEvent, type RecordedByClient } from './client-event.ts';

/** A filtered subscription sends a checkpoint each time the server has considered 32 times this number of events. */
const CHECKPOINT_INTERVAL = 32;

/** Subscribes through `@eventstore/db-client`. */
export const subscribeByClient: SubscribeToAll<ClientConnection> = async ({ client }, asked, stop) => {
  let subscription: AllStreamSubscription | undefined;
  const cancel = () => void subscription?.unsubscribe().catch(() => undefined);
  const { after } = asked;
  const marks = marksInOrder<{ event?: RecordedByClient }>();
  try {
    subscription = client.subscribeToAll({
      fromPosition: after === 'start' ? START : { commit: after, prepare: after },
      filter: clientFilter(asked.filter, (position) => marks.add(() => asked.onCheckpoint(position))),
    });
    subscription.on('caughtUp', () => marks.add(() => asked.onCaughtUp()));
    stop.addEventListener('abort', cancel, { once: true });
    if (stop.aborted) cancel();
    await marks.run(
      subscription,
      ({ event }) => {
        if (!event) return undefined;
        const recorded = recordedEvent(event);
        return asked.onEvent(recorded, sizeOf(recorded));
      },
      stop,
    );
  } finally {
    stop.removeEventListener('abort', cancel);
    // Without a listener, a late `error` of the cancelled call would end the process.
    subscription?.on('error', () => undefined);
    cancel();
  }
};

/**
 * Returns the bytes of an event's content, because the client does not report the number of bytes that the server
 * sent.
 */
function sizeOf({ data, metadata }: RecordedEvent): number {
  return bytesOf(data) + bytesOf(metadata);
}

function bytesOf(value: unknown): number {
  if (value === undefined) return 0;
  return value instanceof Uint8Array ? value.byteLength : JSON.stringify(value).length;
}

function clientFilter(filter: AllFilter, onCheckpoint: (position: bigint) => void) {
  const shape = {
    maxSearchWindow: 32,
    checkpointInterval: CHECKPOINT_INTERVAL,
    checkpointReached: (_subscription: unknown, position: { commit: bigint }) =>
      onCheckpoint(position.commit),
  };
  return 'streamPrefixes' in filter
    ? streamNameFilter({ prefixes: [...filter.streamPrefixes], ...shape })
    : eventTypeFilter({ prefixes: [...filter.eventTypePrefixes], ...shape });
}
