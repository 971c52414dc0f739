/**
 * `Streams.BatchAppend`: many appends in flight over one stream, each known by its correlation id and answered
 * exactly once. A second answer would be an uncaught exception in the client; none would hang it for ever.
 */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { StoreLimits } from '../limits.ts';
import type { Log } from '../storage/open-log.ts';
import type { ProposedEvent, WriteOutcome } from '../storage/write-request.ts';
import { readBatchMessage, type BatchMessage, type BatchOptions } from '../wire/requests.ts';
import {
  appendTooLarge,
  badRequest,
  batchFailed,
  batchSucceeded,
  noRoom,
  streamDeleted,
  timedOut,
  wrongExpectedVersion,
  type BatchError,
} from '../wire/responses.ts';
import { eventBytes, eventFault, queuedBytes, streamNameFault } from './append-checks.ts';
import { NO_ROOM, refuseError, refuseInvalid, SHUTTING_DOWN, TOO_MANY_WAITING } from './refusal.ts';

export type BatchCall = ServerDuplexStream<Buffer, Buffer>;

/** An append whose chunks are still coming, or that waits for the disk. */
interface OpenAppend {
  readonly correlation: Buffer;
  readonly options: BatchOptions;
  readonly answerByMs: number;
  readonly events: ProposedEvent[];
  bytes: number;
  /** Answered already: chunks that still come are dropped until the final one. */
  isAnswered: boolean;
  isFinal: boolean;
}

/** Deadlines are looked at this often, so an answer can be late by as much. */
const DEADLINE_TICK_MS = 20;

function errorOf(outcome: Exclude<WriteOutcome, { kind: 'written' }>, options: BatchOptions): BatchError {
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
      return noRoom(SHUTTING_DOWN);
    default:
      return outcome satisfies never;
  }
}

/** Serves one batch stream until the client ends it. */
export function serveBatchAppend(call: BatchCall, log: Log, limits: StoreLimits): void {
  const open = new Map<string, OpenAppend>();
  let isEnding = false;

  const send = (append: OpenAppend, answer: Buffer): void => {
    if (append.isAnswered) return;
    append.isAnswered = true;
    if (!call.cancelled && !call.writableEnded) call.write(answer);
  };

  const forget = (append: OpenAppend): void => {
    open.delete(append.correlation.toString('latin1'));
    if (open.size < limits.maxInFlightPerBatchStream && call.isPaused()) call.resume();
    if (open.size > 0) return;
    clearInterval(clock);
    clock = undefined;
    if (isEnding) call.end();
  };

  const fail = (append: OpenAppend, error: BatchError): void => {
    send(append, batchFailed(append.correlation, append.options, error));
    if (append.isFinal) forget(append);
  };

  const answerLate = (): void => {
    const nowMs = Date.now();
    for (const append of open.values()) {
      if (append.isAnswered || nowMs <= append.answerByMs) continue;
      send(append, batchFailed(append.correlation, append.options, timedOut()));
    }
  };
  let clock: NodeJS.Timeout | undefined;

  const begin = (message: BatchMessage, options: BatchOptions): OpenAppend => {
    const nowMs = Date.now();
    const append: OpenAppend = {
      correlation: message.correlation,
      options,
      answerByMs: Math.min(options.deadlineMs ?? Infinity, nowMs + limits.appendTimeoutMs),
      events: [],
      bytes: 0,
      isAnswered: false,
      isFinal: false,
    };
    open.set(message.correlation.toString('latin1'), append);
    clock ??= setInterval(answerLate, DEADLINE_TICK_MS);
    const fault = streamNameFault(options.stream, limits);
    if (fault !== null) fail(append, badRequest(fault));
    return append;
  };

  const addChunk = (append: OpenAppend, events: readonly ProposedEvent[]): void => {
    for (const event of events) {
      if (append.isAnswered) return;
      const fault = eventFault(event, limits);
      append.bytes += eventBytes(event);
      if (fault !== null) fail(append, badRequest(fault));
      else if (append.bytes > limits.maxAppendBytes) fail(append, appendTooLarge(limits.maxAppendBytes));
      else append.events.push(event);
    }
  };

  const submit = (append: OpenAppend): void => {
    const { stream, expected } = append.options;
    const request = {
      kind: 'append',
      stream,
      expected,
      events: append.events,
      notAfterMs: append.answerByMs,
    } as const;
    log.submit(request, queuedBytes(append.events), (outcome) => {
      if (outcome.kind === 'written') {
        send(append, batchSucceeded(append.correlation, append.options, outcome.revision, outcome.position));
        forget(append);
      } else fail(append, errorOf(outcome, append.options));
    });
  };

  const take = (bytes: Buffer): void => {
    const message = readBatchMessage(bytes, Date.now());
    const known = open.get(message.correlation.toString('latin1'));
    if (known === undefined && message.options === null) {
      call.emit('error', refuseInvalid('A batch append began without options.'));
      return;
    }
    const append = known ?? begin(message, message.options as BatchOptions);
    if (append.isFinal) return;
    append.isFinal = message.isFinal;
    addChunk(append, message.events);
    if (!message.isFinal) return;
    if (append.isAnswered) forget(append);
    else submit(append);
  };

  call.on('data', (bytes: Buffer) => {
    try {
      take(bytes);
    } catch (error) {
      call.emit('error', refuseError(error));
      return;
    }
    if (open.size >= limits.maxInFlightPerBatchStream) call.pause();
  });
  call.on('end', () => {
    isEnding = true;
    if (open.size === 0) call.end();
  });
  call.on('cancelled', () => clearInterval(clock));
}
