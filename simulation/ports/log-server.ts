import { StreamMovedOn } from '../../event-store/errors.ts';
import type {
  AllFilter,
  Appended,
  EventToAppend,
  ExpectedRevision,
  RecordedEvent,
} from '../../event-store/event-log.ts';
import { SIMULATED_EPOCH_MS } from '../engine/simulated-time.ts';
import type { World } from '../engine/world.ts';

/** The event store of a simulated world. It never loses an event that it has acknowledged. */
export interface LogServer {
  readonly streams: ReadonlyMap<string, readonly RecordedEvent[]>;
  readonly all: readonly RecordedEvent[];
  head(): bigint;
  /**
   * Appends as EventStoreDB does: at the exact revision, all events or none. A repeated append gets the first answer.
   */
  append(stream: string, events: readonly EventToAppend[], expected: ExpectedRevision): Appended;
  /** The first event after a position that the filter accepts. */
  nextAfter(after: bigint | 'start', filter: AllFilter): RecordedEvent | null;
  /** Calls the listener once, at the next append. */
  onceAppended(listener: () => void): void;
  /** Appends an event of another program to a stream of that program. */
  appendForeign(stream: string, event: EventToAppend): void;
  /** Streams written by another program. */
  readonly foreign: ReadonlySet<string>;
  /** The lengths of the log at which a copy can end. */
  readonly ends: readonly number[];
  /**
   * Puts back an older copy of the log: its first `length` events, one of `ends`. Existing connections to the server
   * end.
   */
  restore(length: number): void;
  /** Number of servers that have run at this address. */
  generation(): number;
  /** Calls the listener after an older copy has replaced the log. The listener receives the ids of the lost events. */
  onRestored(listener: (lost: ReadonlySet<string>) => void): void;
  /** Calls the observer for every event at the moment of recording. */
  observe(observer: (event: RecordedEvent) => void): void;
}

export function createLogServer(world: World): LogServer {
  const streams = new Map<string, RecordedEvent[]>();
  const all: RecordedEvent[] = [];
  const foreign = new Set<string>();
  const restored: ((lost: ReadonlySet<string>) => void)[] = [];
  let generation = 1;
  /** Length of the log after each append, because a copy never ends inside an append. */
  const ends: number[] = [0];
  const observers: ((event: RecordedEvent) => void)[] = [];
  let waiting: (() => void)[] = [];
  const head = (): bigint => all.at(-1)?.position ?? 0n;

  const record = (stream: string, events: readonly EventToAppend[], present: RecordedEvent[]): Appended => {
    for (const { id, type, data, metadata } of events) {
      // Positions have gaps, as in EventStoreDB, but sometimes follow directly.
      const position = head() + BigInt(1 + world.random.int(3));
      const revision = BigInt(present.length);
      const created = new Date(SIMULATED_EPOCH_MS + world.nowMs());
      const wire = JSON.parse(JSON.stringify({ data, metadata })) as { data: unknown; metadata: unknown };
      const recorded: RecordedEvent = { id, type, stream, revision, position, created, ...wire };
      present.push(recorded);
      all.push(recorded);
      for (const observe of observers) observe(recorded);
    }
    ends.push(all.length);
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
    return { revision: BigInt(present.length - 1), position: head() };
  };

  return {
    streams,
    all,
    head,
    append: (stream, events, expected) => {
      const present = streams.get(stream) ?? [];
      const next = expected === 'no_stream' ? 0 : Number(expected) + 1;
      if (present.length === next) {
        streams.set(stream, present);
        return record(stream, events, present);
      }
      const isRepeated = events.every(({ id }, index) => present[next + index]?.id === id);
      const last = present[next + events.length - 1];
      if (isRepeated && last) return { revision: last.revision, position: last.position };
      throw new StreamMovedOn(stream, present.at(-1)?.revision ?? null);
    },
    nextAfter: (after, filter) => {
      const from = after === 'start' ? -1n : after;
      for (let at = firstAfter(all, from); at < all.length; at += 1)
        if (passes(all[at]!, filter)) return all[at]!;
      return null;
    },
    onceAppended: (listener) => void waiting.push(listener),
    foreign,
    appendForeign: (stream, event) => {
      if (streams.has(stream)) return;
      foreign.add(stream);
      const present: RecordedEvent[] = [];
      streams.set(stream, present);
      record(stream, [event], present);
    },
    generation: () => generation,
    onRestored: (listener) => void restored.push(listener),
    ends,
    restore: (length) => {
      ends.splice(ends.indexOf(length) + 1);
      const gone = all.splice(length);
      for (const { stream } of gone.toReversed()) {
        const present = streams.get(stream);
        present?.pop();
        if (present?.length === 0) streams.delete(stream);
      }
      generation += 1;
      const lost = new Set(gone.map(({ id }) => id));
      for (const tell of restored) tell(lost);
    },
    observe: (observer) => void observers.push(observer),
  };
}

/** Index of the first event after a position. */
function firstAfter(all: readonly RecordedEvent[], position: bigint): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle]!.position > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function passes(event: RecordedEvent, filter: AllFilter): boolean {
  return 'streamPrefixes' in filter
    ? filter.streamPrefixes.some((prefix) => event.stream.startsWith(prefix))
    : filter.eventTypePrefixes.some((prefix) => event.type.startsWith(prefix));
}
