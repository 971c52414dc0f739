/**
 * Turns a group of write requests into bytes to write and outcomes, as if the requests had come one after the other.
 * The index does not change meanwhile: it gets the events of a group only after the group is on disk.
 */
import { randomUUID } from 'node:crypto';
import { decideAppend } from './append-decision.ts';
import { openGroupBytes } from './group-bytes.ts';
import { openStagedStreams, type StagingGround } from './staged-streams.ts';
import { describedStream, isMetadataStream, metadataStreamOf, withTruncateBefore } from './stream-limits.ts';
import type { WriteOutcome, WriteRequest } from './write-request.ts';
import type { ProposedEvent } from '../../event-store/wire/proposed-event.ts';

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
  /** One outcome for each request, in order. */
  readonly outcomes: readonly WriteOutcome[];
  /** For each request, in order: true when it staged anything. */
  readonly wrote: readonly boolean[];
}

export interface GroupPlace {
  /** The position of the group in the log. */
  readonly startPosition: number;
  /** The time of all events of the group. */
  readonly createdMs: number;
  readonly nowMs: number;
}

const NOTHING = Buffer.alloc(0);
const JSON_TYPE = Buffer.from('application/json');
/** A first guess of the bytes that a request takes in the log. */
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

  /** Adds one event and returns its position. */
  const addEvent = (name: Buffer, event: ProposedEvent, { isTombstone } = { isTombstone: false }): number => {
    const stream = streams.of(name);
    const revision = isTombstone ? null : stream.lastRevision + 1;
    const position = group.addEvent({ ...event, stream: name, revision, createdMs: place.createdMs });
    const { createdMs } = place;
    events.push({ id: event.id, stream: name, type: event.type, position, createdMs, isTombstone });
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

  const describe = (name: Buffer, content: Buffer): number =>
    addEvent(metadataStreamOf(name), ownEvent('$metadata', content));

  /** A soft-deleted stream exists again from its next revision on. Its deleted events stay hidden. */
  const beginAgain = (name: Buffer, nextRevision: number): void => {
    describe(name, withTruncateBefore(streams.metadataOf(name), nextRevision));
  };

  const isSoftDeleted = (name: Buffer): boolean => streams.stateOf(name).isSoftDeleted;

  /** Adds the events of an append and returns the position of the last event. */
  const addAppend = (name: Buffer, proposed: readonly ProposedEvent[]): number => {
    const described = isMetadataStream(name) ? describedStream(name) : null;
    const isDescribedDeleted = described !== null && isSoftDeleted(described);
    const isDeleted = isSoftDeleted(name);
    const nextRevision = streams.of(name).lastRevision + 1;
    const positions = proposed.map((event) => addEvent(name, event));
    if (isDeleted) beginAgain(name, nextRevision);
    if (described !== null && isDescribedDeleted)
      beginAgain(described, streams.of(described).lastRevision + 1);
    return positions.at(-1) as number;
  };

  const addRequest = ({ kind, stream, events: proposed }: WriteRequest): number => {
    switch (kind) {
      case 'tombstone':
        return addEvent(stream, ownEvent('$streamDeleted', NOTHING), { isTombstone: true });
      case 'delete':
        // A soft delete removes the rest of the metadata, as in EventStoreDB.
        return describe(stream, withTruncateBefore(null, 'deleted'));
      case 'append':
        return addAppend(stream, proposed);
      default:
        return kind satisfies never;
    }
  };

  const headPosition = (): number | null => {
    const { index } = ground;
    return events.at(-1)?.position ?? (index.count() === 0 ? null : index.positionOf(index.count() - 1));
  };

  const stage = (request: WriteRequest): WriteOutcome => {
    if (place.nowMs > request.notAfterMs) return { kind: 'expired' };
    const state = streams.stateOf(request.stream);
    const ids = request.kind === 'append' ? request.events.map((event) => event.id) : [randomUUID()];
    const decision = decideAppend(state, request.expected, ids);
    if (decision.kind === 'repeated') {
      const { revision } = decision;
      return { kind: 'written', revision, position: streams.positionAt(request.stream, revision) };
    }
    if (decision.kind !== 'write') return decision;
    if (request.kind === 'delete' && state.lastRevision < 0 && !state.hasMetadata())
      return { kind: 'wrong-revision', actual: state.lastRevision };

    if (request.kind === 'append' && ids.length === 0)
      return { kind: 'written', revision: state.lastRevision, position: headPosition() };

    let position = 0;
    group.addRecord(() => (position = addRequest(request)));
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
