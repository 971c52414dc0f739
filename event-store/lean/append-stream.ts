import { convertToCommandError, UnavailableError } from '@eventstore/db-client';
import { randomBytes } from 'node:crypto';
import type { AppendRequest } from '../calls/append.ts';
import type { Appended } from '../event-log.ts';
import { within } from '../calls/no-answer.ts';
import { packMessages } from '../wire/pack-messages.ts';
import { decodeAnswer, encodeAppend } from './batch-append-wire.ts';

/** The part of a grpc-js call that an append stream needs. */
export interface DuplexCall {
  write(message: Buffer): boolean;
  on(event: 'data', listener: (message: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  cancel(): void;
}

export interface AppendStream {
  /**
   * Appends once. The outcome is unknown unless the store reports it; the caller may send the same events again.
   *
   * @throws NoAnswer after `ms`; StreamMovedOn, AppendRefused, or the error of the server or the connection
   */
  readonly append: (request: AppendRequest, ms: number) => Promise<Appended>;
}

interface Waiting {
  readonly stream: string;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: Error) => void;
}

/** The outbox joins messages up to this size; a larger message goes alone. */
const PACK_BYTES = 32 * 1024;

/** The last digits of a UUID count the appends of this process; the others are random. */
const COUNT_DIGITS = 12;

/**
 * Sends many appends over one `Streams.BatchAppend`, and finds each answer by its correlation id. The end of the
 * stream ends only the appends that wait on it, and the next append opens another stream. An answer that nobody waits
 * for is ignored.
 */
export function openAppendStream(open: () => DuplexCall): AppendStream {
  const prefix = correlationPrefix();
  let call: (Outbox & { readonly waiting: Map<string, Waiting> }) | null = null;
  let count = 0;

  const begin = () => {
    const begun = open();
    const own = new Map<string, Waiting>();
    const outbox = openOutbox(begun);
    const end = (error: Error): void => {
      if (call?.waiting === own) call = null;
      outbox.close();
      for (const { reject } of own.values()) reject(error);
      own.clear();
    };
    begun.on('data', (message) => {
      try {
        answer(own, message);
      } catch (error) {
        begun.cancel();
        end(error as Error);
      }
    });
    begun.on('error', (error) => end(convertToCommandError(error)));
    begun.on('end', () => end(new UnavailableError(undefined, 'The server ended the stream of appends.')));
    return { ...outbox, waiting: own };
  };

  return {
    append: async (request, ms) => {
      call ??= begin();
      const own = call.waiting;
      const correlation = `${prefix}${(count += 1).toString(16).padStart(COUNT_DIGITS, '0')}`;
      const answered = new Promise<Appended>((resolve, reject) => {
        own.set(correlation, { stream: request.stream, resolve, reject });
      });
      for (const message of encodeAppend(correlation, request)) call.send(message);
      try {
        return await within(ms, answered);
      } finally {
        own.delete(correlation);
      }
    },
  };
}

interface Outbox {
  readonly send: (message: Buffer) => void;
  /** Ends all writes. */
  readonly close: () => void;
}

/**
 * Writes all messages of one turn of the event loop together. Under load answers arrive in groups too, so most appends
 * share a write. A single append is written at the end of its turn.
 */
function openOutbox(call: Pick<DuplexCall, 'write'>): Outbox {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let timer: NodeJS.Immediate | undefined;
  const clear = (): void => {
    clearImmediate(timer);
    timer = undefined;
    pending = [];
    pendingBytes = 0;
  };
  const flush = (): void => {
    const messages = pending;
    clear();
    if (messages.length > 0) call.write(packMessages(messages));
  };
  return {
    send: (message) => {
      if (pendingBytes + message.length > PACK_BYTES) flush();
      pending.push(message);
      pendingBytes += message.length;
      if (pendingBytes > PACK_BYTES) flush();
      else timer ??= setImmediate(flush);
    },
    close: clear,
  };
}

/** @throws MalformedMessage */
function answer(own: Map<string, Waiting>, message: Buffer): void {
  const { correlation, outcome } = decodeAnswer(message);
  const asked = own.get(correlation);
  if (asked === undefined) return;
  if (typeof outcome === 'function') asked.reject(outcome(asked.stream));
  else asked.resolve(outcome);
}

/** The first 24 digits of a random UUID (RFC 9562, version 4) as text, with the last hyphen. */
function correlationPrefix(): string {
  const hex = randomBytes(9).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-8${hex.slice(15, 18)}-`;
}
