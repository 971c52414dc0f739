/** The part of a readable stream of objects that this file uses. */
interface Source<Item> {
  read(): Item | null;
  /** Number of items in the stream that nobody has read yet. */
  readonly readableLength: number;
  on(event: 'readable' | 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

type Work = () => void | Promise<void>;

/** Handles the events and marks of one subscription in order, each after everything before it. */
export interface MarksInOrder<Item> {
  /** Runs `mark` after every item that is in the stream now has been handled. */
  add(mark: Work): void;
  /** Handles items and marks one at a time until the stream ends. Throws the error of the handler or of the stream. */
  run(source: Source<Item>, handle: (item: Item) => void | Promise<void>, stop: AbortSignal): Promise<void>;
}

/**
 * Puts checkpoints and `caughtUp` in order with events. The client announces them while it decodes, and earlier
 * events may still wait in the stream's buffer. A reader that used such a checkpoint at once would skip events that
 * nobody has handled.
 *
 * So each mark notes the number of items that are read or wait when the mark comes. The loop reads items one by one.
 * `for await` would take an item between the two counts.
 */
export function marksInOrder<Item>(): MarksInOrder<Item> {
  const marks: { readonly after: number; readonly mark: Work }[] = [];
  let running: Source<Item> | null = null;
  let read = 0;
  let wake = (): void => undefined;

  async function runDueMarks(): Promise<void> {
    for (let next = marks[0]; next && next.after <= read; next = marks[0]) {
      marks.shift();
      await next.mark();
    }
  }

  return {
    add(mark) {
      marks.push({ after: read + (running?.readableLength ?? 0), mark });
      wake();
    },
    async run(source, handle, stop) {
      const ending: { hasEnded: boolean; failure?: { readonly error: unknown } } = { hasEnded: false };
      running = source;
      source.on('readable', () => wake());
      source.on('end', () => {
        ending.hasEnded = true;
        wake();
      });
      source.on('error', (error) => {
        ending.failure = { error };
        wake();
      });
      const stopped = (): void => wake();
      stop.addEventListener('abort', stopped, { once: true });
      try {
        while (!stop.aborted) {
          const woken = new Promise<void>((resolve) => (wake = resolve));
          await runDueMarks();
          const item = source.read();
          if (item !== null) {
            // The count is raised before the item is handled, so marks that come meanwhile are handled after it.
            read += 1;
            const handling = handle(item);
            if (handling) await handling;
            continue;
          }
          if (marks[0] !== undefined && marks[0].after <= read) continue;
          if (ending.failure) throw ending.failure.error;
          if (ending.hasEnded) return;
          await woken;
        }
      } finally {
        stop.removeEventListener('abort', stopped);
      }
    },
  };
}
