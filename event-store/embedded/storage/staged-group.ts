/**
 * Turns a group of write requests into the bytes to be written and the answer to each, as if they had come one
 * after the other, without changing anything: the index learns of a group only after it is on disk.
 */
import type { EventParts } from '../wire/recorded-event.ts';
import { EVENT_OVERHEAD_BYTES, writeRecordedEvent } from '../wire/recorded-event.ts';
import { decideAppend, type StreamState } from './append-decision.ts';
import type { LogIndex } from './log-index.ts';
import type { RecentIds } from './recent-ids.ts';
import { ENTRY_HEADER_BYTES, RECORD_HEADER_BYTES, sealEntry, sealRecord, TOMBSTONE_FLAG } from './record.ts';
import {
  describedStream,
  isMetadataStream,
  metadataStreamOf,
  METADATA_LIMITS,
  readStreamLimits,
  withTruncateBefore,
  type StreamLimits,
} from './stream-limits.ts';
import type { StreamView } from './stream-view.ts';
import type { ProposedEvent, WriteOutcome, WriteRequest } from './write-request.ts';

export interface StagedEvent {
  readonly id: string;
  readonly stream: Buffer;
  readonly type: Buffer;
  readonly position: number;
  readonly isTombstone: boolean;
}

export interface StagedGroup {
  readonly bytes: Buffer;
  readonly events: readonly StagedEvent[];
  /** One for each request, in order. */
  readonly outcomes: readonly WriteOutcome[];
  /** Whether a request staged anything, in order. */
  readonly wrote: readonly boolean[];
}

export interface StagingGround {
  readonly index: LogIndex;
  readonly view: StreamView;
  readonly recentIds: RecentIds;
  /** The id of a published event. */
  readonly idOf: (ordinal: number) => string;
  /** A new random event id. */
  readonly newId: () => string;
}

/** A stream as it will be when the group is written. */
interface StagedStream {
  lastRevision: number;
  isTombstoned: boolean;
  readonly publishedEvents: number;
  readonly ids: string[];
  readonly positions: number[];
  /** For a metadata stream: the content of its newest staged event. */
  newestContent: Buffer | null;
}

const METADATA_TYPE = Buffer.from('$metadata');
const TOMBSTONE_TYPE = Buffer.from('$streamDeleted');
const JSON_TYPE = Buffer.from('application/json');
const NOTHING = Buffer.alloc(0);

/**
 * @param startPosition where the group will lie in the log
 * @param createdMs the time of its events, not before that of any other
 */
export function stageGroup(
  ground: StagingGround,
  requests: readonly WriteRequest[],
  startPosition: number,
  createdMs: number,
  nowMs: number,
): StagedGroup {
  const { index, view, recentIds } = ground;
  const streams = new Map<string, StagedStream>();
  const events: StagedEvent[] = [];
  let bytes = Buffer.allocUnsafe(Math.max(requests.length * 1024, 4096));
  let at = 0;

  const stagedStream = (name: Buffer): StagedStream => {
    const key = name.toString('latin1');
    const known = streams.get(key);
    if (known !== undefined) return known;
    const number = index.streams.find(name);
    const publishedEvents = number < 0 ? 0 : index.eventsOf(number);
    const isTombstoned = number >= 0 && index.isTombstoned(number);
    const stream = {
      lastRevision: publishedEvents - 1,
      isTombstoned,
      publishedEvents,
      ids: [],
      positions: [],
      newestContent: null,
    };
    streams.set(key, stream);
    return stream;
  };

  const limitsOf = (name: Buffer): StreamLimits => {
    if (isMetadataStream(name)) return METADATA_LIMITS;
    const staged = streams.get(metadataStreamOf(name).toString('latin1'))?.newestContent;
    return staged ? readStreamLimits(staged) : view.limitsOf(name);
  };

  const metadataOf = (name: Buffer): Buffer | null =>
    streams.get(metadataStreamOf(name).toString('latin1'))?.newestContent ?? view.metadataOf(name);

  const ordinalOf = (name: Buffer, revision: number): number =>
    index.ordinalOf(index.streams.find(name), revision);

  const revisionOf = (name: Buffer, stream: StagedStream, id: string): number => {
    const staged = stream.ids.indexOf(id);
    if (staged >= 0) return stream.publishedEvents + staged;
    const ordinal = recentIds.find(id);
    const number = ordinal < 0 ? -1 : index.streams.find(name);
    if (number < 0 || index.streamOf(ordinal) !== number) return -1;
    return findRevision(index, number, ordinal);
  };

  const stateOf = (name: Buffer, stream: StagedStream): StreamState => {
    const limits = limitsOf(name);
    return {
      lastRevision: stream.lastRevision,
      isTombstoned:
        stream.isTombstoned || (isMetadataStream(name) && stagedStream(describedStream(name)).isTombstoned),
      isSoftDeleted: limits.isSoftDeleted,
      truncateBefore: limits.truncateBefore,
      hasMetadata: () => metadataOf(name) !== null,
      idAt: (revision) =>
        revision < stream.publishedEvents
          ? ground.idOf(ordinalOf(name, revision))
          : (stream.ids[revision - stream.publishedEvents] as string),
      revisionOf: (id) => revisionOf(name, stream, id),
    };
  };

  const positionAt = (name: Buffer, stream: StagedStream, revision: number): number =>
    revision < stream.publishedEvents
      ? index.positionOf(ordinalOf(name, revision))
      : (stream.positions[revision - stream.publishedEvents] as number);

  const ensureRoom = (needed: number): void => {
    if (at + needed <= bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(bytes.length * 2, at + needed));
    bytes.copy(grown, 0, 0, at);
    bytes = grown;
  };

  /** Writes one event's entry and returns its position. */
  const stageEvent = (name: Buffer, event: ProposedEvent, isTombstone: boolean): number => {
    const stream = stagedStream(name);
    const position = startPosition + at;
    const variable =
      name.length +
      event.type.length +
      event.contentType.length +
      event.customMetadata.length +
      event.content.length;
    ensureRoom(ENTRY_HEADER_BYTES + EVENT_OVERHEAD_BYTES + variable);
    const parts: EventParts = {
      id: event.id,
      stream: name,
      revision: isTombstone ? null : stream.lastRevision + 1,
      position,
      type: event.type,
      contentType: event.contentType,
      createdMs,
      customMetadata: event.customMetadata,
      content: event.content,
    };
    const end = writeRecordedEvent(bytes, parts, at + ENTRY_HEADER_BYTES);
    sealEntry(bytes, at, end, isTombstone ? TOMBSTONE_FLAG : 0);
    at = end;
    events.push({ id: event.id, stream: name, type: event.type, position, isTombstone });
    if (isTombstone) {
      stream.isTombstoned = true;
      return position;
    }
    stream.lastRevision += 1;
    stream.ids.push(event.id);
    stream.positions.push(position);
    if (isMetadataStream(name)) stream.newestContent = event.content;
    return position;
  };

  /** Puts what `body` stages into one record, so that it is in the log as a whole or not at all. */
  const stageRecord = (body: () => number): number => {
    const from = at;
    const eventsBefore = events.length;
    ensureRoom(RECORD_HEADER_BYTES);
    at += RECORD_HEADER_BYTES;
    const position = body();
    sealRecord(bytes, from, at, events.length - eventsBefore, startPosition + from, startPosition);
    return position;
  };

  const metadataEvent = (content: Buffer): ProposedEvent => ({
    id: ground.newId(),
    type: METADATA_TYPE,
    contentType: JSON_TYPE,
    customMetadata: NOTHING,
    content,
  });

  const write = (request: WriteRequest, state: StreamState, stream: StagedStream): WriteOutcome => {
    const name = request.stream;
    switch (request.kind) {
      case 'tombstone': {
        const event = {
          id: ground.newId(),
          type: TOMBSTONE_TYPE,
          contentType: JSON_TYPE,
          customMetadata: NOTHING,
          content: NOTHING,
        };
        const position = stageRecord(() => stageEvent(name, event, true));
        return { kind: 'written', revision: stream.lastRevision, position };
      }
      case 'delete': {
        const content = withTruncateBefore(metadataOf(name), 'deleted');
        const position = stageRecord(() => stageEvent(metadataStreamOf(name), metadataEvent(content), false));
        return { kind: 'written', revision: stream.lastRevision, position };
      }
      case 'append': {
        if (request.events.length === 0)
          return { kind: 'written', revision: stream.lastRevision, position: -1 };
        const position = stageRecord(() => {
          if (state.isSoftDeleted) {
            // The deleted events stay hidden, the new ones continue their revisions.
            const content = withTruncateBefore(metadataOf(name), stream.lastRevision + 1);
            stageEvent(metadataStreamOf(name), metadataEvent(content), false);
          }
          return request.events.reduce((_last, event) => stageEvent(name, event, false), 0);
        });
        return { kind: 'written', revision: stream.lastRevision, position };
      }
      default:
        return request.kind satisfies never;
    }
  };

  const stage = (request: WriteRequest): WriteOutcome => {
    if (nowMs > request.notAfterMs) return { kind: 'expired' };
    const stream = stagedStream(request.stream);
    const state = stateOf(request.stream, stream);
    const decision = decideAppend(
      state,
      request.expected,
      request.events.map((event) => event.id),
    );
    if (decision.kind === 'write') return write(request, state, stream);
    if (decision.kind !== 'repeated') return decision;
    return {
      kind: 'written',
      revision: decision.revision,
      position: positionAt(request.stream, stream, decision.revision),
    };
  };

  const wrote: boolean[] = [];
  const outcomes = requests.map((request) => {
    const before = at;
    const outcome = stage(request);
    wrote.push(at > before);
    return outcome;
  });
  return { bytes: bytes.subarray(0, at), events, outcomes, wrote };
}

/** The revision of the event with this ordinal in its stream: ordinals rise with revisions. */
function findRevision(index: LogIndex, stream: number, ordinal: number): number {
  let low = 0;
  let high = index.eventsOf(stream) - 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (index.ordinalOf(stream, middle) < ordinal) low = middle + 1;
    else high = middle;
  }
  return low;
}
