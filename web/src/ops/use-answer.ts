import { useEffect, useRef, useState } from 'preact/hooks';
import { askJson } from '../live/api.ts';

/** A list that follows the live figures is asked for at most this often. */
const ASK_EVERY_MS = 2_000;

/**
 * The answer of an address, asked for again when `version` is another one, and at most every two seconds. An answer
 * stays on show while its successor is on the way, and when that does not come.
 */
export function useAnswer<Answer>(path: string, version: string): Answer | null {
  const [held, setHeld] = useState<{ path: string; answer: Answer } | null>(null);
  const lastAskedMs = useRef(-Infinity);
  useEffect(() => {
    let wanted = true;
    const ask = () => {
      lastAskedMs.current = performance.now();
      askJson<Answer>(path).then(
        (answer) => wanted && setHeld({ path, answer }),
        // the line in the header tells that the server does not answer; the next figures ask again
        () => undefined,
      );
    };
    const waitMs = held?.path === path ? lastAskedMs.current + ASK_EVERY_MS - performance.now() : 0;
    const timer = setTimeout(ask, Math.max(0, waitMs));
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [path, version]);
  return held?.answer ?? null;
}
