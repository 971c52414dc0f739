/**
 * Ends a refused call with a gRPC status, and with trailers that EventStoreDB's clients turn into their own errors
 * (the key `exception`).
 */
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { LogCorrupt, systemCode } from '../storage/storage-errors.ts';
import { MalformedMessage } from '../../event-store/wire/protobuf.ts';
import type { ExpectedState } from '../../event-store/wire/proposed-event.ts';

export type Refusal = Pick<ServiceError, 'code' | 'details' | 'metadata' | 'name' | 'message'>;

export function refusal(
  code: status,
  details: string,
  trailers: Readonly<Record<string, string>> = {},
): Refusal {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return { code, details, metadata, name: 'Refusal', message: details };
}

/** Metadata values must be ASCII; a stream name need not be. */
const asciiName = (name: Buffer): string => {
  const text = name.toString('utf8');
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text);
};

export const refuseDeletedStream = (stream: Buffer): Refusal =>
  refusal(status.FAILED_PRECONDITION, `Event stream '${asciiName(stream)}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': asciiName(stream),
  });

/** The number that EventStoreDB writes for an expected state. */
const expectedNumber = (expected: ExpectedState): number =>
  expected.kind === 'revision' ? expected.revision : { any: -2, 'no-stream': -1, exists: -4 }[expected.kind];

export const refuseWrongRevision = (stream: Buffer, expected: ExpectedState, actual: number): Refusal =>
  refusal(
    status.FAILED_PRECONDITION,
    `Expected revision ${expectedNumber(expected)} of '${asciiName(stream)}', which is at ${actual}.`,
    {
      exception: 'wrong-expected-version',
      'stream-name': asciiName(stream),
      'expected-version': expectedNumber(expected).toString(),
      'actual-version': actual.toString(),
    },
  );

export const refuseTooLarge = (maxBytes: number): Refusal =>
  refusal(status.INVALID_ARGUMENT, `Maximum append size of ${maxBytes} bytes exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': maxBytes.toString(),
  });

/** The credentials of the call are wrong. EventStoreDB refuses such a call without the key `exception`. */
export const UNAUTHENTICATED: Refusal = refusal(status.UNAUTHENTICATED, 'Unauthenticated');

/** The caller may not do this with this stream. */
export const ACCESS_DENIED: Refusal = refusal(status.PERMISSION_DENIED, 'Access Denied', {
  exception: 'access-denied',
});

/** EventStoreDB's refusal of an invalid read. */
export const refuseRead = (of: 'ReadStreamResult' | 'ReadAllResult'): Refusal =>
  refusal(status.UNKNOWN, `Unexpected ${of}: Error`);

export const refuseInvalid = (details: string): Refusal => refusal(status.INVALID_ARGUMENT, details);

export const EMPTY_STREAM_NAME = 'The stream name is empty.';
export const SHUTTING_DOWN = 'The event store is shutting down.';
export const NO_ROOM = 'The disk of the event store is full; nothing of the append was stored.';
export const TOO_MANY_WAITING = 'Too many appends are waiting for the disk; nothing of this one was stored.';

/** Turns an error of a call into its refusal. */
export function refuseError(error: unknown): Refusal {
  if (error instanceof LogCorrupt) return refusal(status.DATA_LOSS, error.message);
  if (error instanceof MalformedMessage) return refuseInvalid(error.message);
  const code = systemCode(error);
  const text = error instanceof Error ? error.message : String(error);
  return refusal(status.INTERNAL, code === '' ? text : `${code}: ${text}`);
}
