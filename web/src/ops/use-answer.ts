import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiFailure, askJson } from '../live/api.ts';

/** A list that follows the live figures is asked for at most this often. */
const ASK_EVERY_MS = 2_000;

export interface Asked<Answer> {
  readonly answer: Answer | null;
  /** Code of a refusal of what is asked for now; the answer is then null. */
  readonly refused: string | null;
}

/**
 * The answer of an address, asked for again when `version` is another one, and at most every two seconds. An answer
 * stays on show while its successor is on the way; one that is refused leaves nothing on show that was asked for
 * otherwise.
 */
export function useAnswer<Answer>(path: string, version: string): Asked<Answer> {
  const [held, setHeld] = useState<Asked<Answer> & { path: string }>({
    path: '',
    answer: null,
    refused: null,
  });
  const lastAskedMs = useRef(-Infinity);
  useEffect(() => {
    let wanted = true;
    const ask = () => {
      lastAskedMs.current = performance.now();
      askJson<Answer>(path).then(
        (answer) => wanted && setHeld({ path, answer, refused: null }),
        (error: unknown) => {
          if (!(error instanceof ApiFailure)) throw error;
          // an answer of this address may stay: the header tells that the server is away, the next figures ask again
          if (wanted)
            setHeld((now) =>
              now.path === path && error.retryable ? now : { path, answer: null, refused: error.code },
            );
        },
      );
    };
    const waitMs = held.path === path ? lastAskedMs.current + ASK_EVERY_MS - performance.now() : 0;
    const timer = setTimeout(ask, Math.max(0, waitMs));
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [path, version]);
  return held;
}
