/**
 * Serves `Streams.BatchAppend`: one stream carries many appends in flight, each with its correlation id. Each append
 * gets exactly one answer. A second answer would be an uncaught exception in the client, and without an answer the
 * client would wait for ever.
 */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { StoreLimits } from '../storage/store-limits.ts';
import type { WriteOutcome } from '../storage/write-request.ts';
import type { ProposedEvent } from '../../event-store/wire/proposed-event.ts';
import { readBatchMessage, type BatchMessage, type BatchOptions } from '../../event-store/wire/requests.ts';
import {
  accessDenied,
  appendTooLarge,
  badRequest,
  batchFailed,
  batchSucceeded,
  isBadRequest,
  noRoom,
  notReady,
  streamDeleted,
  timedOut,
  wrongExpectedVersion,
  type BatchError,
} from '../../event-store/wire/responses.ts';
import { eventBytes, eventFault, heldBytes, queuedBytes, streamNameFault } from './append-checks.ts';
import { NOT_READY } from './likeness.ts';
import { openAppends, type OpenAppend, type OpenAppends } from './open-appends.ts';
import { NO_ROOM, refuseError, refuseInvalid, TOO_MANY_WAITING } from './refusal.ts';
import { openSender } from './send-stream.ts';
import type { WriteSide } from './write-side.ts';

export type BatchCall = ServerDuplexStream<Buffer, Buffer>;

/**
 * The error that answers an outcome. Null when the store is closing: then the end of the whole stream is the answer.
 */
function errorOf(
  outcome: Exclude<WriteOutcome, { kind: 'written' }>,
  options: BatchOptions,
): BatchError | null {
  switch (outcome.kind) {
    case 'wrong-revision':
      return wrongExpectedVersion(outcome.actual, options.expected);
    case 'stream-deleted':
      return streamDeleted(options.stream);
    case 'expired':
      return timedOut();
    case 'disk-full':
      return noRoom(NO_ROOM);
    case 'too-many-waiting':
      return noRoom(TOO_MANY_WAITING);
    case 'closing':
      return null;
    default:
      return outcome satisfies never;
  }
}

function fail(appends: OpenAppends, append: OpenAppend, error: BatchError): void {
  appends.answer(append, batchFailed(append.correlation, append.options, error));
}

/** Adds a chunk's event to its append. Returns the fault of an event that the store does not accept. */
function faultOf(append: OpenAppend, event: ProposedEvent, limits: StoreLimits): BatchError | null {
  const fault = eventFault(event, limits);
  if (fault !== null) return badRequest(fault);
  append.bytes += eventBytes(event);
  append.heldBytes += heldBytes(event);
  if (append.bytes > limits.maxAppendBytes) return appendTooLarge(limits.maxAppendBytes);
  append.events.push(event);
  return null;
}

/** EventStoreDB answers a bad event twice: at once with "bad request", and at the deadline with a timeout. */
function failTwice(appends: OpenAppends, append: OpenAppend): void {
  fail(appends, append, badRequest('BadRequest'));
  appends.answerAgain(append, batchFailed(append.correlation, append.options, timedOut()));
}

/** Adds a chunk to its append. An append that fails is answered at once, and its later chunks are dropped. */
function addChunk(
  appends: OpenAppends,
  append: OpenAppend,
  events: readonly ProposedEvent[],
  { limits, isLikeEventStoreDB }: WriteSide,
): void {
  for (const event of events) {
    if (append.isAnswered) return;
    const fault = faultOf(append, event, limits);
    if (fault === null) continue;
    if (isLikeEventStoreDB && isBadRequest(fault)) failTwice(appends, append);
    else fail(appends, append, fault);
  }
  if (!append.isFinal && appends.unfinishedBytes() > limits.maxWaitingBytes)
    fail(appends, append, noRoom(TOO_MANY_WAITING));
}

/** Serves one batch stream until the client ends the stream. */
export function serveBatchAppend(call: BatchCall, side: WriteSide): void {
  const { submit, limits, guard } = side;
  const sender = openSender(call);
  let isEnding = false;
  const appends = openAppends(sender, limits, () => {
    if (appends.size() < limits.maxInFlightPerBatchStream && call.isPaused()) call.resume();
    if (isEnding && appends.size() === 0) call.end();
  });

  const begin = (correlation: Buffer, options: BatchOptions): OpenAppend => {
    const append = appends.begin(correlation, options);
    const fault = streamNameFault(options.stream, limits);
    if (!side.isReady()) fail(appends, append, notReady(NOT_READY));
    else if (append.answerByMs <= Date.now()) fail(appends, append, timedOut());
    else if (fault !== null) fail(appends, append, badRequest(fault));
    else if (guard.refusalOf('write', options.stream) !== null) fail(appends, append, accessDenied());
    return append;
  };

  const write = (append: OpenAppend): void => {
    const { events, options, answerByMs: notAfterMs } = append;
    const { stream, expected } = options;
    submit({ kind: 'append', stream, expected, events, notAfterMs }, queuedBytes(events), (outcome) => {
      if (outcome.kind === 'written')
        appends.answer(
          append,
          batchSucceeded(append.correlation, options, outcome.revision, outcome.position),
        );
      else {
        const error = errorOf(outcome, options);
        if (error !== null) fail(appends, append, error);
      }
      appends.done(append);
    });
  };

  const take = (message: BatchMessage): void => {
    const known = appends.find(message.correlation);
    if (known === undefined && message.options === null) {
      call.emit('error', refuseInvalid('A batch append began without options.'));
      return;
    }
    const append = known ?? begin(message.correlation, message.options as BatchOptions);
    // The client sent the correlation id of an append that still waits for the disk. That append is written and
    // answered once.
    if (append.isFinal) return;
    append.isFinal = message.isFinal;
    addChunk(appends, append, message.events, side);
    if (!message.isFinal) return;
    if (append.isAnswered) appends.done(append);
    else write(append);
  };

  call.on('data', (bytes: Buffer) => {
    try {
      take(readBatchMessage(bytes, Date.now()));
    } catch (error) {
      call.emit('error', refuseError(error));
      return;
    }
    if (appends.size() >= limits.maxInFlightPerBatchStream) call.pause();
  });
  call.on('end', () => {
    isEnding = true;
    if (appends.size() === 0) call.end();
  });
  sender.onOver(appends.close);
}
