/** In this test, a reader requests the queue ten times a second. */
const EVERY_MS = 100;
/** The longest wait for the page. A longer wait counts as an outage. */
const ANSWER_MS_MAX = 5_000;

export interface Readers {
  reads: number;
  refused: string[];
  longestMs: number;
  stop(): Promise<void>;
}

/** Reads the queue again and again, one read after the other, and counts answers other than 200. */
export function watchReaders(url: string, cookie: string): Readers {
  let reading = true;
  const readers: Readers = { reads: 0, refused: [], longestMs: 0, stop: async () => {} };
  const read = async (): Promise<void> => {
    const startedMs = performance.now();
    readers.reads += 1;
    try {
      const signal = AbortSignal.timeout(ANSWER_MS_MAX);
      const answer = await fetch(new URL('/api/jobs', url), { headers: { cookie }, signal });
      await answer.arrayBuffer();
      if (answer.status !== 200) readers.refused.push(`status ${answer.status}`);
    } catch (error) {
      readers.refused.push(error instanceof Error ? error.message : String(error));
    }
    readers.longestMs = Math.max(readers.longestMs, performance.now() - startedMs);
  };
  const done = (async () => {
    while (reading) {
      await read();
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  })();
  readers.stop = async () => {
    reading = false;
    await done;
  };
  return readers;
}
