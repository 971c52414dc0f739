/**
 * Turns a group of write requests into the bytes to be written and the answer to each, as if they had come one
 * after the other, without changing anything: the index learns of a group only after it is on disk.
 */
import { randomUUID } from 'node:crypto';
import { decideAppend } from './append-decision.ts';
import { openGroupBytes } from './group-bytes.ts';
import { openStagedStreams, type StagingGround } from './staged-streams.ts';
import { isMetadataStream, metadataStreamOf, withTruncateBefore } from './stream-limits.ts';
import type { ProposedEvent, WriteOutcome, WriteRequest } from './write-request.ts';

export interface StagedEvent {
  readonly id: string;
  readonly stream: Buffer;
  readonly type: Buffer;
  readonly position: number;
  readonly createdMs: number;
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

export interface GroupPlace {
  /** Where the group will lie in the log. */
  readonly startPosition: number;
  /** The time of its events. */
  readonly createdMs: number;
  readonly nowMs: number;
}

const NOTHING = Buffer.alloc(0);
const JSON_TYPE = Buffer.from('application/json');
/** A guess at what a request takes in the log, to begin with. */
const EXPECTED_REQUEST_BYTES = 1024;

const ownEvent = (type: string, content: Buffer): ProposedEvent => ({
  id: randomUUID(),
  type: Buffer.from(type),
  contentType: JSON_TYPE,
  customMetadata: NOTHING,
  content,
});

export function stageGroup(
  ground: StagingGround,
  requests: readonly WriteRequest[],
  place: GroupPlace,
): StagedGroup {
  const streams = openStagedStreams(ground);
  const group = openGroupBytes(place.startPosition, (requests.length + 4) * EXPECTED_REQUEST_BYTES);
  const events: StagedEvent[] = [];

  const addEvent = (name: Buffer, event: ProposedEvent, isTombstone = false): void => {
    const stream = streams.of(name);
    const revision = isTombstone ? null : stream.lastRevision + 1;
    const position = group.addEvent({ ...event, stream: name, revision, createdMs: place.createdMs });
    const { createdMs } = place;
    events.push({ id: event.id, stream: name, type: event.type, position, createdMs, isTombstone });
    if (isTombstone) {
      stream.isTombstoned = true;
      return;
    }
    stream.lastRevision += 1;
    stream.ids.push(event.id);
    stream.positions.push(position);
    if (isMetadataStream(name)) stream.newestContent = event.content;
  };

  const truncate = (name: Buffer, before: number | 'deleted'): void => {
    const content = withTruncateBefore(streams.metadataOf(name), before);
    addEvent(metadataStreamOf(name), ownEvent('$metadata', content));
  };

  const addRequest = ({ kind, stream, events: proposed }: WriteRequest, isSoftDeleted: boolean): void => {
    switch (kind) {
      case 'tombstone':
        addEvent(stream, ownEvent('$streamDeleted', NOTHING), true);
        break;
      case 'delete':
        truncate(stream, 'deleted');
        break;
      case 'append':
        // The deleted events stay hidden, the new ones continue their revisions.
        if (isSoftDeleted) truncate(stream, streams.of(stream).lastRevision + 1);
        for (const event of proposed) addEvent(stream, event);
        break;
      default:
        kind satisfies never;
    }
  };

  const stage = (request: WriteRequest): WriteOutcome => {
    if (place.nowMs > request.notAfterMs) return { kind: 'expired' };
    const state = streams.stateOf(request.stream);
    const ids = request.events.map((event) => event.id);
    const decision = decideAppend(state, request.expected, ids);
    if (decision.kind === 'repeated') {
      const { revision } = decision;
      return { kind: 'written', revision, position: streams.positionAt(request.stream, revision) };
    }
    if (decision.kind !== 'write') return decision;
    if (request.kind === 'append' && ids.length === 0) {
      return { kind: 'written', revision: state.lastRevision, position: null };
    }
    group.addRecord(() => addRequest(request, state.isSoftDeleted));
    const position = (events.at(-1) as StagedEvent).position;
    return { kind: 'written', revision: streams.of(request.stream).lastRevision, position };
  };

  const wrote: boolean[] = [];
  const outcomes = requests.map((request) => {
    const before = group.length();
    const outcome = stage(request);
    wrote.push(group.length() > before);
    return outcome;
  });
  return { bytes: group.bytes(), events, outcomes, wrote };
}
