/** The part of a readable stream that items enter by. */
interface Pushed {
  push: (chunk: unknown, encoding?: BufferEncoding) => boolean;
}

type Work = () => void | Promise<void>;

/** Events and marks of one subscription, each handled when everything before it has been. */
export interface InTurn<Item> {
  /** Counts what enters the stream; call before anything is read from it. */
  watch(stream: Pushed): void;
  /** Runs `mark` once every item that is in the stream now has been handled. */
  add(mark: Work): void;
  /** Handles items and marks one at a time until the stream ends; throws what the handler or the stream throws. */
  run(
    stream: AsyncIterable<Item>,
    handle: (item: Item) => void | Promise<void>,
    stop: AbortSignal,
  ): Promise<void>;
}

/**
 * The client announces checkpoints and `caughtUp` while it decodes, and events it decoded earlier may still wait in
 * the stream's buffer. Taken at face value, a checkpoint would pass events that nobody has handled: lost work.
 */
export function inTurn<Item>(): InTurn<Item> {
  const marks: { after: number; mark: Work }[] = [];
  let entered = 0;
  let handled = 0;
  /** Resolves when the marks that came while the stream was idle have run; null when none is running. */
  let running: Promise<void> | null = null;
  let busy = false;
  let fail: (error: unknown) => void = () => undefined;

  async function runDueMarks(): Promise<void> {
    for (let next = marks[0]; next && next.after <= handled; next = marks[0]) {
      marks.shift();
      await next.mark();
    }
  }

  return {
    watch(stream) {
      const push = stream.push.bind(stream);
      stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
        if (chunk !== null) entered += 1;
        return push(chunk, encoding);
      };
    },
    add(mark) {
      marks.push({ after: entered, mark });
      if (busy || running || entered > handled) return;
      running = runDueMarks()
        .catch((error: unknown) => fail(error))
        .finally(() => (running = null));
    },
    async run(stream, handle, stop) {
      const failed = new Promise<never>((_resolve, reject) => (fail = reject));
      failed.catch(() => undefined);
      const items = (async () => {
        for await (const item of stream) {
          if (stop.aborted) return;
          busy = true;
          if (running) await running;
          const handling = handle(item);
          if (handling) await handling;
          handled += 1;
          if (marks.length > 0) await runDueMarks();
          busy = false;
        }
      })();
      items.catch(() => undefined);
      await Promise.race([items, failed]);
      if (running) await running;
    },
  };
}
