/** Encodes the answers of the embedded store (streams.proto, shared.proto, status.proto). */
import { bytesField, emptyField, message, varintField } from './protobuf.ts';
import type { BatchOptions } from './requests.ts';
import type { ExpectedState } from './proposed-event.ts';

/**
 * `AllStreamPosition` and the messages of the same form. Commit and prepare position are equal, unless the caller
 * gives both.
 */
const positionMessage = (position: number, prepare = position): Buffer =>
  message(varintField(1, position), varintField(2, prepare));

/** Encodes `StreamIdentifier`. */
const streamIdentifier = (name: Buffer): Buffer => bytesField(3, name);

// ---- ReadResp: 1 event, 2 confirmation, 3 checkpoint, 4 stream not found, 8 caught up, 9 fell behind

export const subscriptionConfirmed = (subscriptionId: string): Buffer =>
  bytesField(2, bytesField(1, subscriptionId));
export const checkpointReached = (position: number, prepare = position): Buffer =>
  bytesField(3, positionMessage(position, prepare));
export const streamNotFound = (name: Buffer): Buffer => bytesField(4, bytesField(1, streamIdentifier(name)));
export const CAUGHT_UP = emptyField(8);
export const FELL_BEHIND = emptyField(9);

/** A link and its target, or the link alone when the target is gone. Both are `RecordedEvent`s. */
export const resolvedLink = (event: Buffer | null, link: Buffer, position: number): Buffer =>
  bytesField(
    1,
    message(...(event === null ? [] : [bytesField(1, event)]), bytesField(2, link), varintField(3, position)),
  );

// ---- BatchAppendResp: 1 correlation id, 2 error, 3 success, 4 stream, 5..8 expected

/** A `google.rpc.Status` with one `Any`. The client reads only the code, the text and the type of the detail. */
export interface BatchError {
  readonly code: number;
  readonly text: string;
  readonly typeUrl: string;
  readonly detail: Buffer;
}

const NO_DETAIL: Buffer = Buffer.alloc(0);
const BAD_REQUEST = 'BadRequest';
const CLIENT_TYPE = 'type.googleapis.com/event_store.client.';
/** The codes of google.rpc.Code. */
const CODE = {
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  failedPrecondition: 9,
  resourceExhausted: 8,
  unavailable: 14,
};

const batchError = (code: number, text: string, type: string, detail = NO_DETAIL): BatchError => ({
  code,
  text,
  typeUrl: `${CLIENT_TYPE}${type}`,
  detail,
});

/** `WrongExpectedVersion`: 1 current revision or 2 no stream; 3 expected revision, 4 any, 5 exists, 6 no stream. */
export function wrongExpectedVersion(actual: number, expected: ExpectedState): BatchError {
  const current = actual < 0 ? emptyField(2) : varintField(1, actual);
  const field = { any: 4, exists: 5, 'no-stream': 6 };
  const wanted =
    expected.kind === 'revision' ? varintField(3, expected.revision) : emptyField(field[expected.kind]);
  return batchError(
    CODE.failedPrecondition,
    'WrongExpectedVersion',
    'WrongExpectedVersion',
    message(current, wanted),
  );
}

export const streamDeleted = (name: Buffer): BatchError =>
  batchError(CODE.notFound, 'StreamDeleted', 'StreamDeleted', bytesField(1, streamIdentifier(name)));
export const appendTooLarge = (maxBytes: number): BatchError =>
  batchError(
    CODE.invalidArgument,
    'MaximumAppendSizeExceeded',
    'MaximumAppendSizeExceeded',
    varintField(1, maxBytes),
  );
export const accessDenied = (): BatchError =>
  batchError(CODE.permissionDenied, 'AccessDenied', 'AccessDenied');
export const timedOut = (): BatchError => batchError(CODE.deadlineExceeded, 'Timeout', 'Timeout');
/** The store is not ready. EventStoreDB packs an `Empty` as the detail, which the client does not recognise. */
export const notReady = (text: string): BatchError => ({
  code: CODE.unknown,
  text,
  typeUrl: 'type.googleapis.com/google.protobuf.Empty',
  detail: NO_DETAIL,
});
/** The client shows the text of an unknown detail type, and drops the text of a known type. */
export const badRequest = (text: string): BatchError =>
  batchError(CODE.invalidArgument, text, BAD_REQUEST, bytesField(1, text));
export const isBadRequest = ({ code, typeUrl }: BatchError): boolean =>
  code === CODE.invalidArgument && typeUrl === `${CLIENT_TYPE}${BAD_REQUEST}`;
export const noRoom = (text: string): BatchError =>
  batchError(CODE.resourceExhausted, text, BAD_REQUEST, bytesField(1, text));

const oneofExpected = (raw: BatchOptions['expectedRaw']): Buffer => {
  if (raw === null) return emptyField(7);
  return raw.field === 2 ? varintField(5, raw.value) : emptyField(raw.field + 3);
};

/** The answer to a batch append; `options` come from the first message of the append. */
function batchAnswer(correlation: Buffer, options: BatchOptions, result: Buffer): Buffer {
  const stream = bytesField(4, streamIdentifier(options.stream));
  return message(bytesField(1, correlation), result, stream, oneofExpected(options.expectedRaw));
}

/** `Status`: 1 code, 2 message, 3 details (an `Any`: 1 type, 2 value). */
export function batchFailed(correlation: Buffer, options: BatchOptions, error: BatchError): Buffer {
  const detail = message(bytesField(1, error.typeUrl), bytesField(2, error.detail));
  const status = message(varintField(1, error.code), bytesField(2, error.text), bytesField(3, detail));
  return batchAnswer(correlation, options, bytesField(2, status));
}

/** `Success` of Append and BatchAppend: 1 revision or 2 no stream; 3 position or 4 no position. */
const success = (revision: number, position: number | null): Buffer =>
  message(
    revision < 0 ? emptyField(2) : varintField(1, revision),
    position === null ? emptyField(4) : bytesField(3, positionMessage(position)),
  );

export const batchSucceeded = (
  correlation: Buffer,
  options: BatchOptions,
  revision: number,
  position: number | null,
): Buffer => batchAnswer(correlation, options, bytesField(3, success(revision, position)));

// ---- AppendResp: 1 success, 2 wrong expected version; DeleteResp, TombstoneResp: 1 position

export const appended = (revision: number, position: number | null): Buffer =>
  bytesField(1, success(revision, position));

/** `AppendResp.WrongExpectedVersion`: 6 current, 7 no stream; 8 expected, 9 any, 10 exists, 11 no stream. */
export function appendConflict(actual: number, expected: ExpectedState): Buffer {
  const current = actual < 0 ? emptyField(7) : varintField(6, actual);
  const field = { any: 9, exists: 10, 'no-stream': 11 };
  const wanted =
    expected.kind === 'revision' ? varintField(8, expected.revision) : emptyField(field[expected.kind]);
  return bytesField(2, message(current, wanted));
}

export const deleted = (position: number | null): Buffer =>
  position === null ? emptyField(2) : bytesField(1, positionMessage(position));
