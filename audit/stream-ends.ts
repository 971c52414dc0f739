import { hashOfEvent, linksOf } from '../event-store/event-hash.ts';
import type { RecordedEvent } from '../event-store/event-log.ts';
import { LASTING_STREAM_PREFIXES } from '../schemas/events/streams.ts';

/** The chained and sealed streams. The other streams lose their oldest events by age, as intended. */
export const SEALED_STREAM_PREFIXES = LASTING_STREAM_PREFIXES;

/** The end of a stream: revision and hash of its last event. */
export interface StreamEnd {
  readonly revision: bigint;
  readonly hash: string;
}

/** A fault of a stream, and the first event that has the fault. */
export interface ChainFault {
  readonly kind:
    'changed' | 'missing' | 'link broken' | 'link missing' | 'rewritten' | 'truncated' | 'dropped' | 'hidden';
  readonly stream: string;
  /** The faulty event: changed, missing, or the first of several such events. */
  readonly revision: string;
  readonly message: string;
}

/**
 * Collects the ends of streams.
 * @param known the ends from which to continue
 */
export function streamEnds(known: ReadonlyMap<string, StreamEnd> = new Map()) {
  const ends = new Map(known);
  /** Streams in which an event had links. Every later event of such a stream must have them. */
  const chained = new Set<string>();
  return {
    ends,
    /**
     * Takes the next event of a stream.
     * @returns its fault, or null
     */
    take: (event: RecordedEvent) => {
      const { stream, revision } = event;
      const before = ends.get(stream);
      const links = linksOf(event);
      const fault = faultOf(event, before, links, chained.has(stream));
      if (links) chained.add(stream);
      // After a fault, `take` uses the event's own hash, so that it reports one fault once.
      const hash = links?.hash ?? hashOfEvent(event, before?.hash ?? null);
      ends.set(stream, { revision, hash });
      return fault;
    },
  };
}

/** The ends of all streams after the events taken so far. The memory is about 250 bytes for each stream. */
export type StreamEnds = ReturnType<typeof streamEnds>;

function faultOf(
  event: RecordedEvent,
  before: StreamEnd | undefined,
  links: ReturnType<typeof linksOf>,
  isChained: boolean,
): ChainFault | null {
  const { stream, revision } = event;
  const expected = before === undefined ? 0n : before.revision + 1n;
  const fault = (kind: ChainFault['kind'], at: bigint, message: string): ChainFault => ({
    kind,
    stream,
    revision: at.toString(),
    message,
  });
  if (revision !== expected)
    return fault(
      'missing',
      expected,
      `event ${expected} is missing: event ${revision} comes where it should be`,
    );
  if (links === null)
    return isChained ? fault('link missing', revision, `event ${revision} has lost its hash`) : null;
  const previous = before?.hash ?? null;
  if (hashOfEvent(event, links.previousHash) !== links.hash)
    return fault('changed', revision, `event ${revision} (${event.type}) is not what was written`);
  if (links.previousHash !== previous)
    return fault(
      'link broken',
      revision,
      `event ${revision} was written after another event ${revision - 1n}`,
    );
  return null;
}
