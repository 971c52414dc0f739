import { eventIdOf } from '../schemas/name-based-ids.ts';
import { currentVersion, understandEvent } from '../schemas/events/event-versions.ts';
import { jobIdOfStream } from '../schemas/events/streams.ts';
import { understandJobEvent } from '../schemas/events/understand-job-event.ts';
import type { EventMetadata } from '../schemas/events/event-metadata.ts';
import { StreamMovedOn } from './errors.ts';
import { chained, hashAfter } from './event-hash.ts';
import type { EventLog, EventToAppend } from './event-log.ts';

/** Number of tries while other writers change the stream. After that the caller gets an error. */
const CONFLICT_RETRIES_MAX = 20;

type KnownEvent = ReturnType<typeof understandEvent>;

/** The three pure functions of a stream: its start, its fold and its decision. */
export interface Decider<State, Command, Event extends KnownEvent, Refusal> {
  readonly initial: State;
  readonly evolve: (state: State, event: Event, revision: bigint) => State;
  readonly decide: (
    command: Command,
    state: State,
  ) => { readonly accepted: readonly Event[] } | { readonly refused: Refusal };
}

/**
 * The sender of the command, and the command's id. A command with the same id is applied only once, however often it
 * is sent.
 */
export interface CommandContext {
  readonly commandId: string;
  readonly correlationId: string;
  readonly actor: string;
  /**
   * True when the stream most likely does not exist yet. The first try then appends without a read. If the stream
   * exists, the expected revision makes the append fail.
   */
  readonly presumeNew?: boolean;
}

export type Handled<State, Event, Refusal> =
  | {
      readonly outcome: 'accepted';
      readonly state: State;
      /** The appended events; empty when the stream already contained the result. */
      readonly events: readonly Event[];
      readonly revision: bigint;
      /** Hash of the stream's last event, to which the next event is chained. */
      readonly hash: string | null;
      readonly position: bigint;
    }
  | {
      readonly outcome: 'refused';
      readonly state: State;
      readonly refusal: Refusal;
      readonly position: bigint;
    };

/**
 * The whole write side: loads the stream, folds it, decides, and appends at the exact revision. When another append
 * came first, the whole work starts again.
 *
 * @throws LogUnavailable when the store does not answer; sending the same command id again is safe
 * @throws StreamMovedOn when the stream changed in each of 20 tries
 * @throws EventNotUnderstood when the stream holds an event this build cannot read
 */
export async function handleCommand<State, Command, Event extends KnownEvent, Refusal>(
  log: EventLog,
  decider: Decider<State, Command, Event, Refusal>,
  stream: string,
  command: Command,
  context: CommandContext,
): Promise<Handled<State, Event, Refusal>> {
  for (let tries = 1; ; tries += 1) {
    const presumed = tries === 1 && context.presumeNew === true;
    const loaded = presumed
      ? notYet(decider.initial)
      : await loadStream(log, decider, stream, { firstEventId: eventIdOf(context.commandId, 0) });
    const { state, revision, hash, position } = loaded;
    if (loaded.alreadyApplied) return { outcome: 'accepted', state, events: [], revision, hash, position };
    const decision = decider.decide(command, state);
    // Only an append can prove that the stream is new. Every other decision must first read the stream.
    if (presumed && !('accepted' in decision && decision.accepted.length > 0)) continue;
    if ('refused' in decision) return { outcome: 'refused', state, refusal: decision.refused, position };
    const events = decision.accepted;
    if (events.length === 0) return { outcome: 'accepted', state, events, revision, hash, position };
    try {
      const expected = revision < 0n ? 'no_stream' : revision;
      const links = chained(sealed(events, context), { stream, revision, hash });
      const appended = await log.append(stream, links.events, expected);
      const next = events.reduce(
        (folded, event, index) => decider.evolve(folded, event, revision + 1n + BigInt(index)),
        state,
      );
      return {
        outcome: 'accepted',
        state: next,
        events,
        revision: appended.revision,
        hash: links.end.hash,
        position: appended.position,
      };
    } catch (error) {
      if (!(error instanceof StreamMovedOn) || tries >= CONFLICT_RETRIES_MAX) throw error;
    }
  }
}

function notYet<State>(initial: State): LoadedStream<State> {
  return { state: initial, revision: -1n, hash: null, position: 0n, alreadyApplied: false };
}

/** A stream folded to its present state, with the place of its last event (-1n and 0n when there is none). */
export interface LoadedStream<State> {
  readonly state: State;
  readonly revision: bigint;
  /** Hash of the last event, null when there is none. */
  readonly hash: string | null;
  readonly position: bigint;
  /** True when the stream holds the event that the caller asked about. */
  readonly alreadyApplied: boolean;
}

/**
 * Reads and folds a stream.
 *
 * @param options `firstEventId` is the event that the caller asks about; `through` is the commit position of the last
 *   event to read, by default the end of the stream
 * @throws LogUnavailable, EventNotUnderstood
 */
export async function loadStream<State, Event extends KnownEvent>(
  log: EventLog,
  decider: Pick<Decider<State, never, Event, never>, 'initial' | 'evolve'>,
  stream: string,
  { firstEventId, through }: { readonly firstEventId?: string; readonly through?: bigint | undefined } = {},
): Promise<LoadedStream<State>> {
  let state = decider.initial;
  let revision = -1n;
  let position = 0n;
  let alreadyApplied = false;
  let hash: string | null = null;
  const understand = jobIdOfStream(stream) === null ? understandEvent : understandJobEvent;
  for await (const recorded of log.readStream(stream)) {
    if (through !== undefined && recorded.position > through) break;
    state = decider.evolve(state, understand(recorded) as Event, recorded.revision);
    revision = recorded.revision;
    hash = hashAfter(recorded, hash);
    position = recorded.position;
    alreadyApplied ||= recorded.id === firstEventId;
  }
  return { state, revision, hash, position, alreadyApplied };
}

/** Gives decided events their deterministic ids and their metadata. */
export function sealed(events: readonly KnownEvent[], context: CommandContext): EventToAppend[] {
  return events.map((event, index) => {
    const metadata: EventMetadata = {
      correlationId: context.correlationId,
      causationId: context.commandId,
      actor: context.actor,
      schemaVersion: currentVersion(event.type),
    };
    return { id: eventIdOf(context.commandId, index), type: event.type, data: event.data, metadata };
  });
}
