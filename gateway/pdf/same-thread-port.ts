type Listener = (event: { readonly data: unknown }) => void;

/** One end of a message channel, with the methods that pdfjs calls. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(name: 'message', listener: Listener, options?: { readonly signal?: AbortSignal }): void;
}

/**
 * A channel between the two halves of pdfjs, which share one thread in a converter child. pdfjs's own channel makes a
 * deep copy of every message, glyph by glyph. This channel passes on the same objects, in a later microtask. That is
 * right for reading only, because drawing changes the objects that it receives.
 */
export function sameThreadChannel(): [Port, Port] {
  const here: End = { listeners: [] };
  const there: End = { listeners: [] };
  return [portBetween(here, there), portBetween(there, here)];
}

interface End {
  listeners: { readonly listener: Listener; readonly signal: AbortSignal | undefined }[];
}

const now = Promise.resolve();

function portBetween(own: End, other: End): Port {
  return {
    postMessage: (message) => {
      const event = { data: withCopiedLists(message) };
      void now.then(() => {
        for (const { listener, signal } of other.listeners) if (!signal?.aborted) listener(event);
        if (other.listeners.some(({ signal }) => signal?.aborted))
          other.listeners = other.listeners.filter(({ signal }) => !signal?.aborted);
      });
    },
    addEventListener: (_name, listener, options) => {
      own.listeners = [...own.listeners, { listener, signal: options?.signal }];
    },
  };
}

interface OperatorChunk {
  readonly fnArray: readonly unknown[];
  readonly argsArray: readonly unknown[];
}

/**
 * Copies the lists of drawing operations, because their sender empties them after sending. The sender does not change
 * other messages.
 */
function withCopiedLists(message: unknown): unknown {
  const { chunk } = message as { readonly chunk?: Partial<OperatorChunk> | null };
  if (!chunk?.fnArray || !chunk.argsArray) return message;
  return {
    ...(message as object),
    chunk: { ...chunk, fnArray: chunk.fnArray.slice(), argsArray: chunk.argsArray.slice() },
  };
}
