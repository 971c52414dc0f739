import { hashOfEvent, linksOf } from '../event-store/event-hash.ts';
import type { RecordedEvent } from '../event-store/event-log.ts';
import { LASTING_STREAM_PREFIXES } from '../schemas/streams.ts';

/** Streams that are chained and sealed. The other streams lose their oldest events by age, on purpose. */
export const SEALED_STREAM_PREFIXES = LASTING_STREAM_PREFIXES;

/** Where a stream ends: its last event's revision and hash. */
export interface StreamEnd {
  readonly revision: bigint;
  readonly hash: string;
}

/** What is wrong with a stream, and from which event on. */
export interface ChainFault {
  readonly kind:
    'changed' | 'missing' | 'link broken' | 'link missing' | 'rewritten' | 'truncated' | 'dropped' | 'hidden';
  readonly stream: string;
  /** The event that is at fault: changed, missing, or the first of several that are. */
  readonly revision: string;
  readonly message: string;
}

/** The ends of all streams, as far as events have been seen. Holds about 250 bytes a stream. */
export interface StreamEnds {
  readonly ends: ReadonlyMap<string, StreamEnd>;
  /** Takes the next event of a stream and returns what is wrong with it, if anything. */
  take(event: RecordedEvent): ChainFault | null;
}

/** @param known ends to go on from */
export function streamEnds(known: ReadonlyMap<string, StreamEnd> = new Map()): StreamEnds {
  const ends = new Map(known);
  /** Streams of which an event with links was seen: from there on every event has them. */
  const chained = new Set<string>();
  return {
    ends,
    take: (event) => {
      const { stream, revision } = event;
      const before = ends.get(stream);
      const links = linksOf(event);
      const fault = faultOf(event, before, links, chained.has(stream));
      if (links) chained.add(stream);
      // After a fault the event's own word is taken, so that one fault is told once.
      const hash = links?.hash ?? hashOfEvent(event, before?.hash ?? null);
      ends.set(stream, { revision, hash });
      return fault;
    },
  };
}

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
