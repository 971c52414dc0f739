/** Writes to a stream no faster than its client reads, several messages at a time. */
import { packMessages } from '../../event-store/wire/pack-messages.ts';

/** The part of a call that a sender uses; writable and duplex streams of grpc-js both have it. */
export interface WritableCall {
  write(message: Buffer, taken: () => void): boolean;
  readonly writableEnded: boolean;
  on(event: 'cancelled' | 'close', listener: () => void): unknown;
}

export interface Sender {
  /** Adds a message to the messages that the next `flush` sends. Flushes at once when the messages fill one write. */
  readonly send: (message: Buffer) => void;
  readonly flush: () => void;
  /** True when the client has so many unread bytes that the caller should send no more. */
  readonly isFull: () => boolean;
  /** Flushes. Resolves when the client has read most of the bytes sent, or is gone. */
  readonly whenTaken: () => Promise<void>;
  readonly isOver: () => boolean;
  /** Calls `then` once when the call is over, for any reason. */
  readonly onOver: (then: () => void) => void;
}

/** The sender joins messages up to this size. */
const PACK_BYTES = 32 * 1024;
/** Most bytes that may wait for one client, besides one message. */
const MAX_UNTAKEN_BYTES = 64 * 1024;

/** @param joins true for a reader that takes several messages as one (`JOINED_EVENTS_HEADER`) */
export function openSender(call: WritableCall, { joins = false } = {}): Sender {
  let isOver = false;
  let whenOver: (() => void)[] = [];
  let resume: (() => void) | null = null;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let untakenBytes = 0;

  const end = (): void => {
    if (isOver) return;
    isOver = true;
    pending = [];
    resume?.();
    for (const then of whenOver) then();
    whenOver = [];
  };
  call.on('cancelled', end);
  call.on('close', end);

  const flush = (): void => {
    if (pending.length === 0 || isOver || call.writableEnded) return;
    const bytes = pendingBytes;
    const packed = joins ? Buffer.concat(pending) : packMessages(pending);
    pending = [];
    pendingBytes = 0;
    untakenBytes += bytes;
    call.write(packed, () => {
      untakenBytes -= bytes;
      if (untakenBytes < PACK_BYTES) resume?.();
    });
  };

  return {
    flush,
    send: (message) => {
      if (isOver) return;
      // A joined message is then no larger than the largest event, for which the reader has a limit.
      if (joins && pendingBytes + message.length > PACK_BYTES) flush();
      pending.push(message);
      pendingBytes += message.length;
      if (pendingBytes >= PACK_BYTES) flush();
    },
    isFull: () => untakenBytes + pendingBytes >= MAX_UNTAKEN_BYTES,
    whenTaken: () => {
      flush();
      return new Promise((resolve) => {
        if (isOver || untakenBytes < PACK_BYTES) {
          resolve();
          return;
        }
        resume = () => {
          resume = null;
          resolve();
        };
      });
    },
    isOver: () => isOver,
    onOver: (then) => {
      if (isOver) then();
      else whenOver.push(then);
    },
  };
}
