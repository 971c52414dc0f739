/** Writing to a read's stream no faster than its client takes it. */
import type { ServerWritableStream } from '@grpc/grpc-js';

export type ReadCall = ServerWritableStream<Buffer, Buffer>;

export interface Sender {
  /** True when the stream can take another message now. */
  readonly send: (message: Buffer) => boolean;
  /** Resolves when the client has taken what was sent, or is gone. */
  readonly whenTaken: () => Promise<void>;
  readonly isOver: () => boolean;
  /** Calls `then` once when the call is over, however it ended. */
  readonly onOver: (then: () => void) => void;
}

/** The one message in the stream's queue is the client's; a slow client costs that and no more. */
export function openSender(call: ReadCall): Sender {
  let isOver = false;
  let whenOver: (() => void)[] = [];
  let resume: (() => void) | null = null;

  const end = (): void => {
    if (isOver) return;
    isOver = true;
    resume?.();
    for (const then of whenOver) then();
    whenOver = [];
  };
  call.on('cancelled', end);
  call.on('close', end);
  call.on('drain', () => resume?.());

  return {
    send: (message) => !isOver && call.write(message),
    whenTaken: () =>
      new Promise((resolve) => {
        if (isOver || !call.writableNeedDrain) {
          resolve();
          return;
        }
        resume = () => {
          resume = null;
          resolve();
        };
      }),
    isOver: () => isOver,
    onOver: (then) => {
      if (isOver) then();
      else whenOver.push(then);
    },
  };
}
