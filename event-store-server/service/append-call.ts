/** Serves `Streams.Append` (not batched), `Delete` and `Tombstone`: one answer for one call. */
import { status, type sendUnaryData, type ServerReadableStream, type ServerUnaryCall } from '@grpc/grpc-js';
import type { WriteOutcome, WriteRequest } from '../storage/write-request.ts';
import type { ProposedEvent } from '../../event-store/wire/proposed-event.ts';
import { readAppendMessage, readDeletion, type StreamTarget } from '../../event-store/wire/requests.ts';
import { appendConflict, appended, deleted } from '../../event-store/wire/responses.ts';
import { eventBytes, eventFault, heldBytes, queuedBytes, streamNameFault } from './append-checks.ts';
import {
  NO_ROOM,
  refuseDeletedStream,
  refuseError,
  refuseInvalid,
  refuseTooLarge,
  refuseWrongRevision,
  refusal,
  SHUTTING_DOWN,
  TOO_MANY_WAITING,
  type Refusal,
} from './refusal.ts';
import type { WriteSide } from './write-side.ts';

type Answer = sendUnaryData<Buffer>;

type OtherOutcome = Exclude<WriteOutcome, { kind: 'written' | 'wrong-revision' }>;

function refuseOutcome(outcome: OtherOutcome, stream: Buffer): Refusal {
  switch (outcome.kind) {
    case 'stream-deleted':
      return refuseDeletedStream(stream);
    case 'expired':
      return refusal(status.DEADLINE_EXCEEDED, 'The store did not begin the append in time.');
    case 'disk-full':
      return refusal(status.RESOURCE_EXHAUSTED, NO_ROOM);
    case 'too-many-waiting':
      return refusal(status.RESOURCE_EXHAUSTED, TOO_MANY_WAITING);
    case 'closing':
      return refusal(status.UNAVAILABLE, SHUTTING_DOWN);
    default:
      return outcome satisfies never;
  }
}

/** Serves one call of `Append`: its options, then its events, then one answer. */
export function serveAppend(
  call: ServerReadableStream<Buffer, Buffer>,
  answer: Answer,
  { submit, limits, guard }: WriteSide,
): void {
  let target: StreamTarget | null = null;
  const events: ProposedEvent[] = [];
  let bytes = 0;
  let held = 0;
  let isAnswered = false;

  const refuse = (reason: Refusal): void => {
    if (isAnswered) return;
    isAnswered = true;
    answer(reason);
  };

  const takeTarget = (named: StreamTarget): void => {
    const denied = guard.refusalOf('write', named.stream);
    if (denied === null) target = named;
    else refuse(denied);
  };

  const takeEvent = (event: ProposedEvent): void => {
    const fault = eventFault(event, limits);
    bytes += eventBytes(event);
    held += heldBytes(event);
    if (fault !== null) refuse(refuseInvalid(fault));
    else if (bytes > limits.maxAppendBytes) refuse(refuseTooLarge(limits.maxAppendBytes));
    else if (held > limits.maxWaitingBytes) refuse(refusal(status.RESOURCE_EXHAUSTED, TOO_MANY_WAITING));
    else events.push(event);
  };

  call.on('data', (message: Buffer) => {
    if (isAnswered) return;
    try {
      const part = readAppendMessage(message);
      if ('stream' in part) takeTarget(part);
      else takeEvent(part);
    } catch (error) {
      refuse(refuseError(error));
    }
  });
  call.on('end', () => {
    if (isAnswered) return;
    const fault = target === null ? 'The append has no options.' : streamNameFault(target.stream, limits);
    if (target === null || fault !== null) {
      refuse(refuseInvalid(fault ?? ''));
      return;
    }
    const { stream, expected } = target;
    const request: WriteRequest = {
      kind: 'append',
      stream,
      expected,
      events,
      notAfterMs: Date.now() + limits.appendTimeoutMs,
    };
    submit(request, queuedBytes(events), (outcome) => {
      if (outcome.kind === 'written') answer(null, appended(outcome.revision, outcome.position));
      else if (outcome.kind === 'wrong-revision') answer(null, appendConflict(outcome.actual, expected));
      else answer(refuseOutcome(outcome, stream));
    });
  });
}

/** Serves `Delete` (soft: an append can begin the stream again) or `Tombstone` (permanent). */
export function serveDeletion(
  kind: 'delete' | 'tombstone',
  call: ServerUnaryCall<Buffer, Buffer>,
  answer: Answer,
  { submit, limits, guard }: WriteSide,
): void {
  let target: StreamTarget;
  try {
    target = readDeletion(call.request);
  } catch (error) {
    answer(refuseError(error));
    return;
  }
  const { stream, expected } = target;
  const fault = streamNameFault(stream, limits);
  if (fault !== null) {
    answer(refuseInvalid(fault));
    return;
  }
  const denied = guard.refusalOf('delete', stream);
  if (denied !== null) {
    answer(denied);
    return;
  }
  const request: WriteRequest = {
    kind,
    stream,
    expected,
    events: [],
    notAfterMs: Date.now() + limits.appendTimeoutMs,
  };
  submit(request, queuedBytes([]), (outcome) => {
    if (outcome.kind === 'written') answer(null, deleted(outcome.position));
    else if (outcome.kind === 'wrong-revision') answer(refuseWrongRevision(stream, expected, outcome.actual));
    else answer(refuseOutcome(outcome, stream));
  });
}
