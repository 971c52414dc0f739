import { hash as digest } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import type { EventToAppend, RecordedEvent } from './event-log.ts';

/** The part of an event that its hash covers: everything except the store's own time and position. */
export type HashedEvent = Pick<RecordedEvent, 'stream' | 'revision' | 'id' | 'type' | 'data' | 'metadata'>;

/** The links of an event in the chain of its stream, stored in its metadata. */
export interface ChainLinks {
  /** Hash of the previous event of the stream; null for the first event. */
  readonly previousHash: string | null;
  readonly hash: string;
}

/** The end of a stream, to which the next event is chained. */
export interface StreamEnd {
  readonly stream: string;
  /** Revision of the last event, -1n when there is none. */
  readonly revision: bigint;
  /** Hash of the last event, null when there is none. */
  readonly hash: string | null;
}

const HASH = /^[0-9a-f]{64}$/;

/**
 * SHA-256, in hexadecimal, of a stored event (never of its upcast form) and of the previous hash. The input is RFC
 * 8785 JSON of data, id, metadata without its two links, previous, revision, stream and type.
 */
export function hashOfEvent(event: HashedEvent, previous: string | null): string {
  const { stream, revision, id, type, data, metadata } = event;
  const text = canonicalJson({
    data,
    id,
    previous,
    stream,
    type,
    metadata: withoutLinks(metadata),
    revision: revision.toString(),
  });
  return digest('sha256', text, 'hex');
}

/** Returns the links of an event; null for an event that was written before Docket chained events. */
export function linksOf({ metadata }: Pick<RecordedEvent, 'metadata'>): ChainLinks | null {
  if (typeof metadata !== 'object' || metadata === null) return null;
  const { hash, previousHash = null } = metadata as Partial<ChainLinks>;
  if (typeof hash !== 'string' || !HASH.test(hash)) return null;
  return { hash, previousHash };
}

/**
 * The hash to which the next event is chained. For an event without links, the links are computed first. So the first
 * chained event of an older stream also covers all events before it.
 */
export function hashAfter(event: RecordedEvent, previous: string | null): string {
  return linksOf(event)?.hash ?? hashOfEvent(event, previous);
}

/**
 * Chains events that a caller is about to append at the end of a stream.
 * @returns the new end of the stream
 */
export function chained(
  events: readonly EventToAppend[],
  end: StreamEnd,
): { readonly events: readonly EventToAppend[]; readonly end: StreamEnd } {
  let { revision, hash: previousHash } = end;
  const linked = events.map((event) => {
    revision += 1n;
    const hash = hashOfEvent({ ...event, stream: end.stream, revision }, previousHash);
    const metadata = { ...(event.metadata as object), previousHash, hash };
    previousHash = hash;
    return { ...event, metadata };
  });
  return { events: linked, end: { stream: end.stream, revision, hash: previousHash } };
}

function withoutLinks(metadata: unknown): unknown {
  if (typeof metadata !== 'object' || metadata === null) return metadata ?? null;
  const { hash: _hash, previousHash: _previousHash, ...rest } = metadata as Record<string, unknown>;
  return rest;
}
