/** What of a readable stream of objects is used. */
interface Source<Item> {
  read(): Item | null;
  /** Items that are in the stream and not yet read. */
  readonly readableLength: number;
  on(event: 'readable' | 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

type Work = () => void | Promise<void>;

/** Events and marks of one subscription, each handled when everything before it has been. */
export interface MarksInOrder<Item> {
  /** Runs `mark` once every item that is in the stream now has been handled. */
  add(mark: Work): void;
  /** Handles items and marks one at a time until the stream ends; throws what the handler or the stream throws. */
  run(source: Source<Item>, handle: (item: Item) => void | Promise<void>, stop: AbortSignal): Promise<void>;
}

/**
 * The client announces checkpoints and `caughtUp` while it decodes, and events it decoded earlier may still wait in
 * the stream's buffer. Taken at face value, a checkpoint would pass events that nobody has handled: lost work.
 *
 * So each mark notes how many items have been read or wait to be read when it comes. Items are read one by one, and not
 * by `for await`, which has an item in its hands between the two counts.
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
            // Marks that come meanwhile stand behind this item.
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
